"""Composite: clips, presenter, captions, cards, sound and watermark become one finished video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from schemas.arrow_types import BOX, CAPTION, MASTER, SHOWN_TEXT, VIEW
from schemas.asset import Asset
from schemas.brand import BrandKit
from schemas.delivery import Delivery
from schemas.encoding import Encoding
from schemas.layout import DEFAULT_FORMATS, Format
from schemas.template import Template
from schemas.timeline import Timeline, timelines_json
from stages.base import Hardware, Media, Reject, Stage, Verdict
from stages.composite import graph, graphics, soundtrack
from stages.composite.captions import Captions
from stages.composite.cards import Offer
from stages.composite.clip_tracks import clip_tracks
from stages.composite.colours import Palette
from stages.composite.directing import Script, direct
from stages.composite.encoders import at_least, chosen_encoder
from stages.composite.end_card_rows import Copy
from stages.composite.identity import watermark_payload
from stages.composite.languages import iso_639_2
from stages.composite.look import Look
from stages.composite.mix import Levels
from stages.composite.poster import poster_frame, save_poster
from stages.composite.presenter import presenter_boxes, presenter_of
from stages.composite.qr import QrCode, code_side_px
from stages.composite.rating import Rating
from stages.composite.subtitles import cues_of, srt, webvtt
from stages.composite.text import Lettering
from stages.composite.text_track import hide_text
from stages.shared.ffmpeg import decode_frames, run_ffmpeg
from stages.shared.fonts import Fonts
from stages.shared.format_shots import shots_in
from stages.shared.logo import read_logo
from stages.shared.watermark import (
    GRID_HEIGHT,
    GRID_WIDTH,
    carrier,
    key_id,
    perceptual_gain,
)

CAPTIONS = ("burned", "sidecar", "both")


@dataclass(kw_only=True)
class Composite(Stage):
    """Puts a spot together, once per format asked for.

    Everything that is read or seen is measured before it is drawn, the loudness on the encoded
    file. The watermark, the first 48 bits of a digest of all that goes in, lies under every frame
    and, with `audio_watermark`, in the sound.
    """

    name: ClassVar[str] = "composite"
    reads: ClassVar[tuple[str, ...]] = (
        "shots", "avatar_uri", "avatar_start_s", "avatar_end_s", "avatar_mouth_box",
        "avatar_shift_s", "voice_uri", "caption_words", "sound_events", "title", "brand",
        "tagline", "cta", "price", "regular_price", "currency", "language", "accent", "music",
        "hook", "rating", "rating_count", "qr",
    )  # fmt: skip
    writes: ClassVar[pa.Schema] = pa.schema(
        [
            pa.field("masters", pa.list_(MASTER)),
            pa.field("poster_uri", pa.string()),  # JPEG, of the first format
            pa.field("captions_uri", pa.string()),  # WebVTT, every word; null if only burned
            pa.field("srt_uri", pa.string()),  # the same as SRT
            pa.field("timeline_uri", pa.string()),  # JSON: what is seen when and where, per format
            pa.field("captions", pa.list_(CAPTION)),  # what is drawn, of the first format
            pa.field("presenter_box", BOX),  # of the first format; null where nobody presents
            pa.field("mouth_box", BOX),
            pa.field("views", pa.list_(VIEW)),  # the last three in the other formats
            pa.field("watermark_id", pa.string()),  # 12 hex digits
            pa.field("shown_texts", pa.list_(SHOWN_TEXT)),  # of every format, as they are drawn
        ]
    )
    version: ClassVar[str] = "7"
    hardware = Hardware(cpus=2, memory_gb=1.5)
    seconds_hint = 12.0

    brand: BrandKit
    # In the key by `identity`, as the id of the secret: keys are written down.
    watermark_secret: str = field(repr=False, metadata={"place": True})
    """Whoever has it can find the watermark; without it nobody can."""
    audio_watermark: bool = True
    """The same id in the mix, too."""
    effects: tuple[tuple[str, Asset], ...] = ()
    """Sounds by the name of the event that they are played at; other events stay silent."""
    disclosure: str = "AI-generated"
    """The visible label, on screen from the first frame to the last; "" for none, which somebody
    has to answer for in the campaign."""
    formats: tuple[Format, ...] = DEFAULT_FORMATS
    length_s: float = 15.0
    template: Template = field(default=Template(title="clean"), metadata={"place": True})
    """How the spot looks; without one, as `clean`. In the key by `identity`."""
    captions: str = "both"
    """"burned" into the picture, a "sidecar" file beside it, or "both"."""
    deliveries: tuple[Delivery, ...] = ()
    """By format how its file is encoded, and its loudness and true peak as they are measured on the
    encoded file. A format without one is H.264 at -14 LUFS and -1 dBTP."""
    music_below_voice_db: float = 13.0
    """How far the music lies under the voice while somebody speaks; larger is quieter. Measured on
    three scripts: from 13 dB on speech recognition makes no more errors than without music."""
    music_rise_db: float = 6.0
    """How far it comes up where nobody does: in long pauses and behind the last word."""
    effects_below_voice_db: float = 5.0
    """Of the loudest 50 ms of an effect, against the voice's loudness."""
    # In the key by the column that it reads, and by `identity`.
    clip_sound_below_voice_db: float | None = field(default=None, metadata={"place": True})
    """How far the sound that clips bring lies under the voice; None where they bring none."""
    text_track: bool = True
    """The words as a text track in the file, beside those that are drawn: for screen readers,
    translation, and players that are set to show captions."""
    _lettering: Lettering | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Refuse what cannot be rendered, before anything is."""
        if self.clip_sound_below_voice_db is not None:
            self.reads = (*type(self).reads, "righted_clip_sounds")  # type: ignore[misc]
        if not self.formats:
            raise ValueError("formats is empty; name one or more")
        if len(self.watermark_secret) < 8:
            raise ValueError("watermark_secret is too short to be one; give 8 characters or more")
        if self.disclosure and not self.disclosure.strip():
            raise ValueError("disclosure is blank; every spot says that it was made by AI")
        if self.captions not in CAPTIONS:
            raise ValueError(f"captions {self.captions!r}: use one of {', '.join(CAPTIONS)}")

    @property
    def identity(self) -> str:
        """For the key: all of the template that shows, how loud clips' own sound is, and which
        secret the watermark is made with."""
        level_db = self.clip_sound_below_voice_db
        own = "" if level_db is None else f", clips {level_db:g} dB below the voice"
        return f"{self.template.identity}{own}, watermark by {key_id(self.watermark_secret)}"

    def foresee(self, spot: Mapping[str, Any]) -> None:
        """A link that has no room as a code is refused before anything is spent."""
        if spot.get("qr"):
            for frame in self.formats:
                _check_code(spot["qr"], frame)

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`."""
        verdicts = self._refuse_unreadable(spot, media)
        payload = watermark_payload({"spot": {c: spot.get(c) for c in self.reads}, **self._look()})
        planned = [self.planned(spot, frame, media) for frame in self.formats]
        timelines, drawn = [t for t, _ in planned], [g for _, g in planned]
        sound = self._sound(spot, media, timelines[0].changes_s)
        if self.audio_watermark:
            sound = sound.marked(payload, self.watermark_secret)
        first, lines = drawn[0].captions, cues_of(drawn[0].captions.spoken)
        spared = float(len(verdicts))
        beside_it = self.captions != "burned"
        subtitles = _written(media.scratch("captions.vtt"), webvtt(lines))
        cues = subtitles if self.text_track and first.spoken else None
        targets = [media.scratch(f"master_{frame.name}.mp4") for frame in self.formats]
        masters: list[dict[str, str]] = []
        measured: dict[str, float] = {}
        heard: dict[tuple[float, float, int], Path] = {}
        for frame, (timeline, picture), target in zip(self.formats, planned, targets, strict=True):
            delivery = self._delivery(frame)
            sound = sound.aimed(delivery.loudness_lufs, delivery.true_peak_dbtp)
            asked = (sound.loudness_lufs, sound.true_peak_dbtp, delivery.encoding.audio_kbps)
            # Where formats are to sound the same, it is encoded and set right once.
            wave = heard.get(asked) or media.scratch(f"sound_{frame.name}.wav")
            if asked not in heard:
                sound.write(wave)
            beside = graph.Beside(wave, cues, iso_639_2(spot.get("language")))
            raw = media.scratch(f"poster_{frame.name}.raw")
            still = graph.Still(poster_frame(spot["shots"], frame.fps), raw)
            verdicts += self._render(
                spot, media, frame, timeline, picture, payload, beside, delivery.encoding, target,
                still,
            )  # fmt: skip
            if asked not in heard:
                checked = self._check_sound(sound, target, beside, delivery.encoding, media)
                measured, heard[asked] = measured or checked, target
            poster = media.scratch(f"poster_{frame.name}.jpg")
            save_poster(still.path, frame, poster)
            saved = {"uri": media.save(target), "poster_uri": media.save(poster)}
            masters.append({"format": frame.name, **saved})
        views = [
            {**_captions(picture), **presenter_boxes(spot, frame)}
            for frame, picture in zip(self.formats, drawn, strict=True)
        ]
        names = [frame.name for frame in self.formats]
        srt_file = _written(media.scratch("captions.srt"), srt(lines))
        timeline_file = _written(media.scratch("timeline.json"), timelines_json(timelines))
        return {
            "masters": masters,
            "poster_uri": masters[0]["poster_uri"],
            "captions_uri": media.save(subtitles) if beside_it else None,
            "srt_uri": media.save(srt_file) if beside_it else None,
            "timeline_uri": media.save(timeline_file),
            **views[0],
            "views": [{"format": n, **v} for n, v in zip(names[1:], views[1:], strict=True)],
            "watermark_id": f"{payload:012x}",
            "shown_texts": [
                {"format": n, **asdict(text)}
                for n, one in zip(names, drawn, strict=True)
                for text in one.texts
            ],
            "verdicts": verdicts,
            "metrics": {
                **measured,
                "caption_groups": float(len(first.groups)),
                "caption_smallest_px": first.smallest_px,
                "caption_cps_p95": first.reading_cps(),
                "signs_left_out": spared,
                "master_bytes": float(targets[0].stat().st_size),
            },
        }

    def _delivery(self, frame: Format) -> Delivery:
        own = (one for one in self.deliveries if one.name == frame.name)
        return next(own, Delivery(frame.name, Encoding(), -14.0))

    def _look(self) -> dict[str, Any]:
        """The parameters that the content of a spot depends on."""
        parameters = {
            key: value for key, value in vars(self).items()
            if not key.startswith("_") and key not in
            ("watermark_secret", "hardware", "timeout_s", "reads", "clip_sound_below_voice_db")
        }  # fmt: skip
        effects = [[name, asdict(sound)] for name, sound in self.effects]
        formats = [asdict(frame) for frame in self.formats]
        own: dict[str, Any] = {"brand": asdict(self.brand), "effects": effects, "v": self.version}
        own["deliveries"] = [asdict(self._delivery(frame)) for frame in self.formats]
        own["template"] = self.template.identity
        return {**parameters, **own, "formats": formats}

    def _letters(self, media: Media) -> Lettering:
        if self._lettering is None:
            own = (self.brand.font, self.brand.font_bold)
            regular, bold = (media.open(font) if font else None for font in own)
            self._lettering = Lettering(Fonts(regular, bold, self.template.headline))
        return self._lettering

    def _refuse_unreadable(self, spot: Mapping[str, Any], media: Media) -> list[Verdict]:
        """A word that no font can draw would be missing from the ad; a sign that none has can be
        spared, and is told of."""
        fonts = self._letters(media).fonts
        words = " ".join(word["text"] for word in spot["caption_words"] or [])
        texts = {key: spot.get(key) or "" for key in ("title", "tagline", "cta", "hook")}
        verdicts = []
        for column, text in {**texts, "script": words}.items():
            missing = fonts.missing_letters(text)
            if missing:
                raise Reject(
                    "no_font",
                    f"the {column} has letters that no font here can draw ({missing[:12]});"
                    " give the brand kit a font that has them",
                )
            if spared := fonts.spared(text):
                named = ", ".join(f"{sign} U+{ord(sign):04X}" for sign in spared[:12])
                said = f"left out of the {column}, for no font has them: {named}"
                verdicts.append(Verdict("composite", "signs_left_out", "pass", said))
        return verdicts

    def planned(
        self, spot: Mapping[str, Any], frame: Format, media: Media
    ) -> tuple[Timeline, graphics.Graphics]:
        """What is seen when and where in one format, and the bands that show it."""
        colours = Palette.of(self.brand, spot.get("accent"))
        look = Look(self.template, colours, self._letters(media), spot.get("language") or "en")
        script = self._script(spot)
        captions = Captions(
            spot["caption_words"] or [], spot["shots"], frame, look,
            drawn=self.captions != "sidecar",
        )  # fmt: skip
        spot = {**spot, "shots": shots_in(spot["shots"], frame.name)}
        timeline = direct(spot, script, captions, frame, look, self.template.title)
        logo = read_logo(media.open(self.brand.logo)) if self.brand.logo else None
        return timeline, graphics.plan(timeline, captions, script.copy, frame, look, logo)

    def _script(self, spot: Mapping[str, Any]) -> Script:
        prices = [spot.get("price"), spot.get("regular_price")]
        price, regular = (None if p is None else Decimal(str(p)) for p in prices)
        copy = Copy(
            brand=self.brand.name,
            tagline=spot.get("tagline"),
            title=spot.get("title"),
            cta=spot.get("cta"),
            offer=Offer.of(price, regular, spot.get("currency"), spot.get("language")),
            rating=Rating.of(spot.get("rating"), spot.get("rating_count")),
        )
        hook = spot.get("hook") or spot.get("tagline")
        return Script(copy, self.disclosure, hook, spot.get("qr"), self.length_s)

    def _sound(
        self, spot: Mapping[str, Any], media: Media, changes_s: Sequence[float]
    ) -> soundtrack.Soundtrack:
        """`changes_s` are the lengths of the changes from each shot to the next."""
        music = spot.get("music")
        own = {row["shot"]: media.open(row["uri"]) for row in spot.get("righted_clip_sounds") or []}
        levels = [self.music_below_voice_db, self.music_rise_db, self.effects_below_voice_db]
        if self.clip_sound_below_voice_db is not None:
            levels.append(self.clip_sound_below_voice_db)
        return soundtrack.Soundtrack.of(
            voice=media.open(spot["voice_uri"]),
            music=media.open(Asset(**music)) if music else None,
            effects={name: media.open(asset) for name, asset in self.effects},
            words=spot["caption_words"] or [],
            events=spot["sound_events"] or [],
            length_s=self.length_s,
            levels=Levels(*levels),
            loudness_lufs=self._delivery(self.formats[0]).loudness_lufs,
            true_peak_dbtp=self._delivery(self.formats[0]).true_peak_dbtp,
            clips=clip_tracks(spot["shots"], own, changes_s),
        )

    def _render(
        self, spot: Mapping[str, Any], media: Media, frame: Format, timeline: Timeline,
        picture: graphics.Graphics, payload: int, beside: graph.Beside, encoding: Encoding,
        target: Path, still: graph.Still | None,
    ) -> list[Verdict]:  # fmt: skip
        encoder, why = chosen_encoder(encoding)
        mark = media.scratch(f"carrier_{frame.name}.yuv")
        shots = shots_in(spot["shots"], frame.name)
        clips = [media.open(shot["uri"]) for shot in shots]
        _write_carrier(mark, payload, self.watermark_secret, frame, _seen(shots, clips))
        arguments = graph.master_arguments(
            shots, clips, frame, timeline.length_s, timeline.transitions,
            presenter_of(spot, media), picture.placed, mark, beside, encoding, encoder, target,
            still,
        )  # fmt: skip
        feeds = {placed.feed: placed.band.feed for placed in picture.placed}
        run_ffmpeg(arguments, feeds=feeds, timeout_s=0.9 * self.timeout_s)
        hide_text(target)
        said = [Verdict("composite", "encoder", "pass", f"{frame.name}: {encoder}, {why}")]
        simpler = at_least(encoding, target.stat().st_size, self.length_s)
        if simpler is None:
            return said
        return said + self._render(
            spot, media, frame, timeline, picture, payload, beside, simpler, target, still
        )

    def _check_sound(
        self, sound: soundtrack.Soundtrack, target: Path, beside: graph.Beside,
        encoding: Encoding, media: Media,
    ) -> dict[str, float]:  # fmt: skip
        """Measure the encoded file and, if it is off, encode its sound again, set right."""
        measured = soundtrack.measure(target)
        for _ in range(3):
            if not sound.correct(measured):
                break
            again = media.scratch("again.mp4")
            sound.write(beside.sound)
            run_ffmpeg(graph.sound_arguments(target, beside, encoding, again))
            hide_text(again)
            again.replace(target)
            measured = soundtrack.measure(target)
        sound.require(measured)
        return measured


def _captions(picture: graphics.Graphics) -> dict[str, list[dict[str, Any]]]:
    """What is drawn of the captions, as rows of `arrow_types.CAPTION`."""
    return {
        "captions": [
            {"text": g.text, "start_s": g.start_s, "end_s": g.end_s, "box": asdict(g.box)}
            for g in picture.captions.groups
        ]
    }


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _check_code(link: str, frame: Format) -> None:
    area = frame.shots["end_card"].card
    if area is None:
        return
    x0, y0, x1, y1 = area.pixels(frame.width_px, frame.height_px)
    try:
        QrCode(link, code_side_px(x1 - x0, y1 - y0, frame.unit))
    except ValueError as error:
        raise Reject("qr_too_long", f"{error} (format {frame.name})") from None


def _seen(shots: Sequence[Mapping[str, Any]], clips: Sequence[Path]) -> Iterator[np.ndarray]:
    """A frame from within each shot, in grey on the mark's grid."""
    for shot, clip in zip(shots, clips, strict=True):
        at_s = 0.4 * (shot["end_s"] - shot["start_s"])
        yield from decode_frames(
            clip, GRID_WIDTH, GRID_HEIGHT, pixels="gray", start_s=at_s, length_s=0.05
        )


def _write_carrier(
    path: Path, payload: int, secret: str, frame: Format, seen: Iterable[np.ndarray] = ()
) -> None:
    """One raw yuv420p frame: the mark as luma over neutral chroma, stronger where what is `seen`
    hides it."""
    size = {"width_px": frame.width_px, "height_px": frame.height_px}
    luma = carrier(payload, secret=secret, gain=perceptual_gain(seen), **size)
    neutral = np.full(frame.width_px * frame.height_px // 2, 128, np.uint8)
    path.write_bytes(luma.tobytes() + neutral.tobytes())
