"""Composite: clips, presenter, captions, cards, sound and watermark become one finished video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from schemas.arrow_types import BOX, CAPTION, MASTER, VIEW
from schemas.asset import Asset
from schemas.brand import BrandKit
from schemas.layout import DEFAULT_FORMATS, Format
from stages.base import Hardware, Media, Reject, Stage
from stages.composite import graph, graphics, soundtrack
from stages.composite.cards import Offer
from stages.composite.colours import Palette
from stages.composite.end_card_rows import Copy
from stages.composite.identity import watermark_payload
from stages.composite.mix import Levels
from stages.composite.poster import save_poster
from stages.composite.presenter import presenter_boxes, presenter_of
from stages.composite.subtitles import webvtt
from stages.composite.text import Lettering
from stages.shared.ffmpeg import run_ffmpeg
from stages.shared.fonts import Fonts
from stages.shared.format_shots import shots_in
from stages.shared.watermark import carrier


@dataclass(kw_only=True)
class Composite(Stage):
    """Puts a spot together, once per format asked for.

    Everything that is read or seen is measured before it is drawn, the loudness on the encoded
    file. The watermark, the first 48 bits of a digest of all that goes in, lies under every frame.
    """

    name: ClassVar[str] = "composite"
    reads: ClassVar[tuple[str, ...]] = (
        "shots", "avatar_uri", "avatar_start_s", "avatar_end_s", "avatar_mouth_box",
        "avatar_shift_s", "voice_uri", "caption_words", "sound_events", "title", "brand",
        "tagline", "cta", "price", "regular_price", "currency", "language", "accent", "music",
    )  # fmt: skip
    writes: ClassVar[pa.Schema] = pa.schema(
        [
            pa.field("masters", pa.list_(MASTER)),
            pa.field("poster_uri", pa.string()),  # JPEG, of the first format
            pa.field("captions_uri", pa.string()),  # WebVTT, every word
            pa.field("captions", pa.list_(CAPTION)),  # what is drawn, of the first format
            pa.field("presenter_box", BOX),  # of the first format; null where nobody presents
            pa.field("mouth_box", BOX),
            pa.field("views", pa.list_(VIEW)),  # the last three in the other formats
            pa.field("watermark_id", pa.string()),  # 12 hex digits
        ]
    )
    version: ClassVar[str] = "3"
    hardware = Hardware(cpus=2, memory_gb=1.5)
    seconds_hint = 20.0

    brand: BrandKit
    watermark_secret: str
    """Whoever has it can find the watermark; without it nobody can."""
    effects: tuple[tuple[str, Asset], ...] = ()
    """Sounds by the name of the event that they are played at; other events stay silent."""
    disclosure: str = "AI-generated"
    """The visible label, on screen from the first frame to the last."""
    formats: tuple[Format, ...] = DEFAULT_FORMATS
    length_s: float = 15.0
    crossfade_s: float = 0.4
    """Longest overlap of two shots; a clip's handle may make it shorter."""
    loudness_lufs: float = -14.0
    """Integrated (BS.1770). What TikTok, Instagram and YouTube play back at."""
    true_peak_dbtp: float = -1.0
    """Highest true peak of the encoded file."""
    music_below_voice_db: float = 13.0
    """How far the music lies under the voice while somebody speaks; larger is quieter. Measured on
    three scripts: from 13 dB on speech recognition makes no more errors than without music."""
    music_rise_db: float = 6.0
    """How far it comes up where nobody does: in long pauses and behind the last word."""
    effects_below_voice_db: float = 5.0
    """Of the loudest 50 ms of an effect, against the voice's loudness."""
    preset: str = "veryfast"
    """x264's. "medium" costs three times the CPU for a file a fifth larger, hardly better."""
    crf: int = 20
    """x264's quality, 0 to 51: smaller is better and larger in bytes. 18 to 23 are sensible."""
    audio_kbps: int = 192
    encoder_threads: int = 4
    """Fixed, for x264's bytes depend on it."""
    _lettering: Lettering | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Refuse what cannot be rendered, before anything is."""
        if not self.formats:
            raise ValueError("formats is empty; name one or more")
        if len(self.watermark_secret) < 8:
            raise ValueError("watermark_secret is too short to be one; give 8 characters or more")
        if not self.disclosure.strip():
            raise ValueError("disclosure is empty; every spot says that it was made by AI")

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`."""
        self._refuse_unreadable(spot, media)
        payload = watermark_payload({"spot": {c: spot.get(c) for c in self.reads}, **self._look()})
        sound = self._sound(spot, media)
        wave = media.scratch("sound.wav")
        sound.write(wave)
        drawn = [self._graphics(spot, frame, media) for frame in self.formats]
        targets = [media.scratch(f"master_{frame.name}.mp4") for frame in self.formats]
        masters: list[dict[str, str]] = []
        measured: dict[str, float] = {}
        for frame, picture, target in zip(self.formats, drawn, targets, strict=True):
            # The sound is the same in all formats: it is encoded and set right once.
            heard = targets[0] if measured else wave
            self._render(spot, media, frame, picture, payload, heard, target)
            measured = measured or self._check_sound(sound, target, media)
            poster = media.scratch(f"poster_{frame.name}.jpg")
            save_poster(target, frame, spot["shots"], poster)
            saved = {"uri": media.save(target), "poster_uri": media.save(poster)}
            masters.append({"format": frame.name, **saved})
        subtitles, first = media.scratch("captions.vtt"), drawn[0].captions
        subtitles.write_text(webvtt(first.spoken), encoding="utf-8")
        views = [
            {**_captions(picture), **presenter_boxes(spot, frame)}
            for frame, picture in zip(self.formats, drawn, strict=True)
        ]
        names = [frame.name for frame in self.formats]
        return {
            "masters": masters,
            "poster_uri": masters[0]["poster_uri"],
            "captions_uri": media.save(subtitles),
            **views[0],
            "views": [{"format": n, **v} for n, v in zip(names[1:], views[1:], strict=True)],
            "watermark_id": f"{payload:012x}",
            "metrics": {
                **measured,
                "caption_groups": float(len(first.groups)),
                "caption_smallest_px": first.smallest_px,
                "master_bytes": float(targets[0].stat().st_size),
            },
        }

    def _look(self) -> dict[str, Any]:
        """The parameters that the content of a spot depends on."""
        parameters = {
            key: value for key, value in vars(self).items()
            if not key.startswith("_") and key not in ("watermark_secret", "hardware", "timeout_s")
        }  # fmt: skip
        effects = [[name, asdict(sound)] for name, sound in self.effects]
        formats = [asdict(frame) for frame in self.formats]
        own = {"brand": asdict(self.brand), "effects": effects, "v": self.version}
        return {**parameters, **own, "formats": formats}

    def _letters(self, media: Media) -> Lettering:
        if self._lettering is None:
            own = (self.brand.font, self.brand.font_bold)
            regular, bold = (media.open(font) if font else None for font in own)
            self._lettering = Lettering(Fonts(regular, bold))
        return self._lettering

    def _refuse_unreadable(self, spot: Mapping[str, Any], media: Media) -> None:
        """A word that no font can draw would be missing from the ad."""
        fonts = self._letters(media).fonts
        words = " ".join(word["text"] for word in spot["caption_words"] or [])
        texts = {key: spot.get(key) or "" for key in ("title", "tagline", "cta")}
        for column, text in {**texts, "script": words}.items():
            missing = fonts.missing_letters(text)
            if missing:
                raise Reject(
                    "no_font",
                    f"the {column} has letters that no font here can draw ({missing[:12]});"
                    " give the brand kit a font that has them",
                )

    def _graphics(self, spot: Mapping[str, Any], frame: Format, media: Media) -> graphics.Graphics:
        prices = [spot.get("price"), spot.get("regular_price")]
        price, regular = (None if p is None else Decimal(str(p)) for p in prices)
        copy = Copy(
            brand=self.brand.name,
            tagline=spot.get("tagline"),
            title=spot.get("title"),
            cta=spot.get("cta"),
            offer=Offer.of(price, regular, spot.get("currency"), spot.get("language")),
        )
        return graphics.plan(
            copy, self.disclosure, spot["shots"], spot["caption_words"] or [], frame,
            self._letters(media), Palette.of(self.brand, spot.get("accent")), self.length_s,
            media.open(self.brand.logo) if self.brand.logo else None,
        )  # fmt: skip

    def _sound(self, spot: Mapping[str, Any], media: Media) -> soundtrack.Soundtrack:
        music = spot.get("music")
        return soundtrack.Soundtrack.of(
            voice=media.open(spot["voice_uri"]),
            music=media.open(Asset(**music)) if music else None,
            effects={name: media.open(asset) for name, asset in self.effects},
            words=spot["caption_words"] or [],
            events=spot["sound_events"] or [],
            length_s=self.length_s,
            levels=Levels(
                self.music_below_voice_db, self.music_rise_db, self.effects_below_voice_db
            ),
            loudness_lufs=self.loudness_lufs,
            true_peak_dbtp=self.true_peak_dbtp,
        )

    def _render(
        self, spot: Mapping[str, Any], media: Media, frame: Format,
        picture: graphics.Graphics, payload: int, sound: Path, target: Path,
    ) -> None:  # fmt: skip
        mark = media.scratch(f"carrier_{frame.name}.yuv")
        _write_carrier(mark, payload, self.watermark_secret, frame)
        shots = shots_in(spot["shots"], frame.name)
        clips = [media.open(shot["uri"]) for shot in shots]
        arguments = graph.master_arguments(
            shots, clips, frame, self.length_s, self.crossfade_s,
            presenter_of(spot, media), picture.placed, mark, sound, self._encoding(), target,
        )  # fmt: skip
        feeds = {placed.feed: placed.band.feed for placed in picture.placed}
        run_ffmpeg(arguments, feeds=feeds, timeout_s=0.9 * self.timeout_s)

    def _encoding(self) -> graph.Encoding:
        return graph.Encoding(self.preset, self.crf, self.audio_kbps, self.encoder_threads)

    def _check_sound(
        self, sound: soundtrack.Soundtrack, target: Path, media: Media
    ) -> dict[str, float]:
        """Measure the encoded file and, if it is off, encode its sound again, set right."""
        for _ in range(2):
            measured = soundtrack.measure(target)
            if not sound.correct(measured):
                break
            wave, again = media.scratch("sound_again.wav"), media.scratch("again.mp4")
            sound.write(wave)
            run_ffmpeg(graph.sound_arguments(target, wave, self._encoding(), again))
            again.replace(target)
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


def _write_carrier(path: Path, payload: int, secret: str, frame: Format) -> None:
    """One raw yuv420p frame: the mark as luma over neutral chroma."""
    size = {"width_px": frame.width_px, "height_px": frame.height_px}
    luma = carrier(payload, secret=secret, **size)
    neutral = np.full(frame.width_px * frame.height_px // 2, 128, np.uint8)
    path.write_bytes(luma.tobytes() + neutral.tobytes())
