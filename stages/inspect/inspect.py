"""Inspect: looks at and listens to what will ship, decoded again, and lets gates decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pyarrow as pa

from schemas.asset import Asset
from schemas.layout import DEFAULT_FORMATS, Box, Format
from stages.base import Hardware, Media, Stage
from stages.inspect.contact_sheet import contact_sheet, sheet_times_s
from stages.inspect.container import Container, read_container
from stages.inspect.effects import effect_metrics
from stages.inspect.footage import Footage, decode_footage
from stages.inspect.gates import (
    Gate,
    check_gates,
    judge,
    judge_further,
    reject_if_blocked,
    reject_if_unfit,
)
from stages.inspect.hearing import FILES, Ear
from stages.inspect.hearing import RATE_HZ as EAR_HZ
from stages.inspect.lip_model import lip_distance
from stages.inspect.lips import lip_sync
from stages.inspect.measures import (
    caption_metrics,
    fades_s,
    fault_metrics,
    file_metrics,
    product_metrics,
    product_times_s,
    spot_in,
)
from stages.inspect.soundness import RATE_HZ, sound_digest, sound_metrics, voice_offset_ms
from stages.inspect.speech_quality import QualityModel
from stages.inspect.syncnet import SyncNet
from stages.inspect.voice_quality import voice_metrics
from stages.inspect.word_errors import word_error_rate
from stages.inspect.word_gates import WordGates, reject_words, unheard
from stages.shared.ffmpeg import decode_audio
from stages.shared.image_gate import Frame, ImageGate, frame_times_s, outside
from stages.shared.ocr import PACKAGE as OCR
from stages.shared.ocr import TextReader
from stages.shared.picture import read_picture
from stages.shared.read_text import Looked
from stages.shared.sound import resample
from stages.shared.text_gate import Finding
from stages.shared.text_gate.text_gate import VERSION as TEXT_GATE_VERSION
from stages.shared.watermark import BUILT_IN, detect, detect_sound, key_id, threshold
from stages.shared.weights import fetched_files

FURTHER_PAIRS = 8
"""Every so many frames flicker is looked for in a further format, which shows the same clips."""
WATERMARK_FPS = 5.0
"""Frames per second that the watermark is read from: more add little."""


@dataclass(kw_only=True)
class Inspect(Stage):
    """Measures every master (`gates.METRICS` lists what) and holds it against `gates`.

    `lexicon` are names, beside the spot's brand, whose spelling a recogniser can't know. Metrics
    of a further format carry its name: "product_fidelity.1x1". There the file, the picture, the
    product, the captions and the mark are measured again; what cannot differ is not: the voice,
    the presenter's lips, and the sound if it is the first format's packet by packet.
    """

    name: ClassVar[str] = "inspect"
    version: ClassVar[str] = f"7-{TEXT_GATE_VERSION}"
    reads: ClassVar[tuple[str, ...]] = (
        "masters", "captions", "caption_words", "phonemes", "shots", "photo_uri", "cutout_uri",
        "presenter_box", "mouth_box", "avatar_start_s", "avatar_end_s", "watermark_id", "script",
        "words", "voice_uri", "language", "brand", "heard_phonemes", "sound_events", "views",
        "shown_texts", "title", "tagline", "cta", "hook", "price", "regular_price", "currency",
        "rating", "rating_count",
    )  # fmt: skip
    writes: ClassVar[pa.Schema] = pa.schema([("contact_sheet_uri", pa.string())])
    # Where and how long it works changes no number, so none of these is part of the key.
    hardware: Hardware = field(default=Hardware(cpus=1, memory_gb=1.0), metadata={"place": True})
    seconds_hint: float = field(default=9.0, metadata={"place": True})

    gates: tuple[Gate, ...] = ()
    format_gates: tuple[tuple[str, tuple[Gate, ...]], ...] = ()
    """By format the limits of the platforms that take it, in the place of those in `gates`."""
    codec: str = "h264"
    """What the pictures are to be coded in."""
    formats: tuple[Format, ...] = DEFAULT_FORMATS
    # In the key by `identity`, as the id of the secret.
    watermark_secret: str = field(default=BUILT_IN, repr=False, metadata={"place": True})
    audio_watermark: bool = True
    length_s: float = 15.0
    lexicon: tuple[str, ...] = ()
    effects: tuple[tuple[str, Asset], ...] = ()
    """Sounds by the name of the effect, as the composite stage plays them."""
    names: Asset | None = None
    """Further people to look for in what is said and shown, as `Screen.names`."""
    rules: Asset | None = None
    """Policy file in the place of the shipped one, as `Screen.rules`."""
    profiles: tuple[str, ...] = ("standard",)
    shown: ImageGate = field(default_factory=ImageGate)
    """What frames are held against: one a second, and each shot's first."""
    # In the key by `identity`: most campaigns have none.
    recogniser: Asset | str | None = field(default=None, metadata={"place": True})
    """Whisper weights in CTranslate2's form, a folder or a hub id, in the place of the packaged."""
    recogniser_revision: str | None = field(default=None, metadata={"place": True})
    """Commit of the hub's repository, 40 hex digits."""
    lip_model: Asset | None = field(default=None, metadata={"place": True})
    """SyncNet's weights, a file or a folder with one, for `lse_c`, `lse_d` and `lse_offset_ms`."""
    reads_pictures: bool = field(default=False, metadata={"place": True})
    """Whether the product photo and a frame of each shot are read (OCR), as the texts are."""
    _reader: TextReader | None = field(init=False, repr=False, compare=False, default=None)
    _lip_net: tuple[str, SyncNet] | None = field(
        init=False, repr=False, compare=False, default=None
    )
    _ear: Ear | None = field(init=False, repr=False, compare=False, default=None)
    _words: WordGates | None = field(init=False, repr=False, compare=False, default=None)
    _quality: QualityModel | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Refuse gates on what is not measured, before anything is rendered."""
        check_gates(self.gates)
        for _, gates in self.format_gates:
            check_gates(gates)

    @property
    def identity(self) -> str:
        """For its key: the watermark's secret, and the models that are the campaign's."""
        ear = self.recogniser.sha256 if isinstance(self.recogniser, Asset) else self.recogniser
        told = [f"watermark by {key_id(self.watermark_secret)}"]
        told += [f"lips by {self.lip_model.sha256}"] if self.lip_model else []
        told += [f"heard by {ear}@{self.recogniser_revision}"] if ear else []
        return ", ".join([*told, *([f"read by {OCR}"] if self.reads_pictures else [])])

    def prepare(self) -> None:
        """Fetch the image safeguard's weights, and the recogniser if it is the hub's."""
        self.shown.prepare()
        if isinstance(self.recogniser, str):
            fetched_files(self.recogniser, self.recogniser_revision, FILES)

    def load(self) -> None:
        """Load the small models; one thread each, the pool of workers fills the cores. What is an
        asset comes with the first spot."""
        cv2.setNumThreads(1)
        if isinstance(self.recogniser, str):
            self._ear = Ear(fetched_files(self.recogniser, self.recogniser_revision, FILES))
        elif self.recogniser is None:
            self._ear = Ear()
        if self.names is None and self.rules is None:
            self._words = WordGates.of(None, None, self.profiles, None)
        self._reader = TextReader() if self.reads_pictures else None
        self._quality = QualityModel()
        self.shown.load()

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`. Raises `Reject` where a gate blocks: "gate_<metric>", "heard_..." for
        what is said, "shown_..." for what is drawn."""
        forms = {form.name: form for form in self.formats}
        first, *further = spot["masters"]
        voice = decode_audio(media.open(spot["voice_uri"]), EAR_HZ)
        assert self._quality is not None, "load() comes before run()"
        self._receive(media)
        metrics, sheet, heard, unfit = self._measure(
            spot, first, forms[first["format"]], voice, media
        )
        metrics |= voice_metrics(voice, spot["phonemes"], self._quality)
        assert self._words is not None, "load() comes before run()"
        words = [*heard, *self._words.shown(spot)]
        verdicts = judge(metrics, self._gates_of(first["format"]))
        verdicts += tuple(finding.verdict for finding in words)
        sheet_uri = media.save(sheet)
        reject_words(words, verdicts, metrics)
        reject_if_blocked(metrics, verdicts)
        verdicts += reject_if_unfit(metrics, verdicts, unfit)
        for master in further:
            name = master["format"]
            seen = spot_in(spot, name)
            measured, heard, unfit = self._measure_further(
                seen, master, first, forms[name], voice, media
            )
            judged = judge_further(measured, self._gates_of(name), name)
            metrics |= {f"{metric}.{name}": value for metric, value in measured.items()}
            verdicts += (*judged, *(finding.verdict for finding in heard))
            reject_words(heard, verdicts, metrics)
            reject_if_blocked(metrics, judged)
            verdicts += reject_if_unfit(metrics, verdicts, unfit, name)
        return {"contact_sheet_uri": sheet_uri, "metrics": metrics, "verdicts": list(verdicts)}

    def _receive(self, media: Media) -> None:
        """What the campaign brings; it stays warm for the next spot, which has the same."""
        self.shown.receive({name: media.open(one) for name, one in self.shown.assets.items()})
        if isinstance(self.recogniser, Asset) and self._ear is None:
            self._ear = Ear(media.open(self.recogniser))
        if self._words is None:
            self._words = WordGates.of(self.names, self.rules, self.profiles, media)

    def _gates_of(self, name: str) -> tuple[Gate, ...]:
        own = {gate[0]: gate for gate in dict(self.format_gates).get(name, ())}
        return tuple({**{gate[0]: gate for gate in self.gates}, **own}.values())

    def _measure(
        self, spot: Mapping[str, Any], master: Mapping[str, Any], form: Format, voice: np.ndarray,
        media: Media,
    ) -> tuple[dict[str, float], Path, list[Finding], list[Finding]]:  # fmt: skip
        """All metrics of the first master, the file of its contact sheet, what its words say, and
        what its frames show."""
        path = media.open(master["uri"])
        container = read_container(path)
        sheet_s = sheet_times_s(self.length_s, fades_s(spot["shots"]))
        product_s = product_times_s(spot["shots"])
        fades = [0.0, *(shot["handle_s"] for shot in spot["shots"])]
        cuts_s = [(shot["start_s"], fades[n]) for n, shot in enumerate(spot["shots"])]
        shown_s = frame_times_s(self.length_s, cuts_s)
        times_s = (*sheet_s, *sum(product_s, ()), *shown_s)
        footage, seen = self._look(path, container, times_s, spot.get("mouth_box"), media)
        sheet = [seen[t] for t in sheet_s]
        sound = self._decode_sound(container, path)
        heard, findings = self._sound(spot, sound, voice)
        findings += self._read(spot, {times[0]: seen[times[0]] for times in product_s}, media)
        people, unfit = self._people({t: seen[t] for t in shown_s}, spot.get("presenter_box"))
        metrics = {
            **file_metrics(container, len(footage.luma), form, self.codec),
            **heard,
            **self._effects(spot, footage, sound, media),
            **fault_metrics(footage, spot["shots"]),
            **product_metrics(spot, [[seen[t] for t in times] for times in product_s], media),
            **lip_sync(footage, spot),
            **self._lip_model(spot, path, container, sound, media),
            **caption_metrics(footage, spot["captions"], form.safe_zone),
            **people,
            **self._watermark(footage, spot["watermark_id"]),
            **self._sound_mark(sound, spot["watermark_id"]),
        }
        target = media.scratch(f"{form.name}-contact-sheet.png")
        contact_sheet(sheet, sheet_s).save(target, compress_level=4)
        return metrics, target, findings, unfit

    def _measure_further(
        self, spot: Mapping[str, Any], master: Mapping[str, Any], first: Mapping[str, Any],
        form: Format, voice: np.ndarray, media: Media,
    ) -> tuple[dict[str, float], list[Finding], list[Finding]]:  # fmt: skip
        """What may differ in the master of a further format; `spot` is as that format shows it."""
        path = media.open(master["uri"])
        container = read_container(path)
        product_s = product_times_s(spot["shots"])
        footage, seen = self._look(path, container, sum(product_s, ()), None, media)
        one_each = {times[0]: seen[times[0]] for times in product_s}
        people, unfit = self._people(one_each, spot.get("presenter_box"))
        metrics = {
            **file_metrics(container, len(footage.luma), form, self.codec),
            **fault_metrics(footage, spot["shots"], pairs=FURTHER_PAIRS),
            **product_metrics(spot, [[seen[t] for t in times] for times in product_s], media),
            **caption_metrics(footage, spot["captions"], form.safe_zone),
            **people,
            **self._watermark(footage, spot["watermark_id"]),
        }
        if sound_digest(path) == sound_digest(media.open(first["uri"])):
            return metrics, [], unfit
        sound = self._decode_sound(container, path)
        heard, findings = self._sound(spot, sound, voice)
        return metrics | heard | self._sound_mark(sound, spot["watermark_id"]), findings, unfit

    def _look(
        self, path: Path, container: Container, times_s: Sequence[float],
        mouth: Mapping[str, float] | None, media: Media,
    ) -> tuple[Footage, dict[float, np.ndarray]]:  # fmt: skip
        """The footage of a master, and its close-ups at these times."""
        numbers = {t: int(t * container.fps) for t in times_s}
        footage = decode_footage(
            path, (container.width_px, container.height_px), container.fps, container.duration_s,
            close_ups=list(numbers.values()), mouth_box=Box(**mouth) if mouth else None,
            mark_every=max(1, round(container.fps / WATERMARK_FPS)),
            scratch=media.scratch("footage"),
        )  # fmt: skip
        last = max(footage.close_ups)
        return footage, {t: footage.close_ups[min(n, last)] for t, n in numbers.items()}

    def _decode_sound(self, container: Container, path: Path) -> np.ndarray:
        if container.audio_s <= 0:
            return np.zeros((round(self.length_s * RATE_HZ), 2), np.float32)
        return decode_audio(path, RATE_HZ, channels=2)

    def _sound(
        self, spot: Mapping[str, Any], samples: np.ndarray, voice: np.ndarray
    ) -> tuple[dict[str, float], list[Finding]]:
        """(what was measured of the sound, what the words say that are heard in it)."""
        metrics = sound_metrics(samples)
        mono = resample(samples.mean(axis=1), RATE_HZ, EAR_HZ)
        if np.any(mono):
            assert self._quality is not None, "load() comes before run()"
            scores = self._quality.scores(mono)
            metrics |= {f"mix_mos_{name}": value for name, value in scores.items()}
        if np.any(mono) and np.any(voice):
            metrics["voice_offset_ms"] = voice_offset_ms(mono, voice, EAR_HZ)
        language = (spot.get("language") or "en").partition("-")[0].lower()
        ear, words = self._ear, self._words
        assert ear is not None and words is not None, "load() comes before run()"
        if not ear.knows(language):
            return metrics, unheard(language)
        said = " ".join(word["spoken"] for word in spot["words"] or []) or spot["script"]
        heard = ear.words(mono, language) if np.any(mono) else ""
        names = (*self.lexicon, spot.get("brand") or "")
        metrics["word_error_rate"] = word_error_rate(said, heard, names, language)
        return metrics, words.heard(
            spot, heard, names, language, lambda: ear.closely(mono, language)
        )

    def _read(
        self, spot: Mapping[str, Any], frames: Mapping[float, np.ndarray], media: Media
    ) -> list[Finding]:
        """What stands in the product photo and in these frames, where the campaign asks for it."""
        if self._reader is None or self._words is None:
            return []
        photo = read_picture(media.open(spot["photo_uri"]))
        looked = [Looked("the product photo", None, photo)]
        looked += [Looked(f"the frame at {t:.1f} s", t, frame) for t, frame in frames.items()]
        return self._words.read(spot, looked, self._reader)

    def _lip_model(
        self, spot: Mapping[str, Any], path: Path, container: Container, samples: np.ndarray,
        media: Media,
    ) -> dict[str, float]:  # fmt: skip
        """What SyncNet says, where its weights are given; they come with the first spot."""
        if self.lip_model is None:
            return {}
        if self._lip_net is None or self._lip_net[0] != self.lip_model.sha256:
            self._lip_net = (self.lip_model.sha256, SyncNet(media.open(self.lip_model)))
        mono = resample(samples.mean(axis=1), RATE_HZ, EAR_HZ)
        size_px = (container.width_px, container.height_px)
        return lip_distance(self._lip_net[1], path, size_px, spot, mono)

    def _effects(
        self, spot: Mapping[str, Any], footage: Footage, samples: np.ndarray, media: Media
    ) -> dict[str, float]:
        sounds = {
            name: decode_audio(media.open(asset), RATE_HZ, channels=2)
            for name, asset in self.effects
        }
        covered = [caption["box"] for caption in spot["captions"] or []]
        presenter = spot.get("presenter_box")
        return effect_metrics(
            footage, samples.mean(axis=1), spot.get("sound_events"), sounds,
            [*covered, *([presenter] if presenter else [])], spot["shots"],
        )  # fmt: skip

    def _people(
        self, pictures: Mapping[float, np.ndarray], presenter: Mapping[str, float] | None
    ) -> tuple[dict[str, float], list[Finding]]:
        """Metrics and findings of the frames at these times."""
        box = Box(**presenter) if presenter else None
        frames = [Frame(picture, f"at {t:.2f} s", t) for t, picture in pictures.items()]
        look = self.shown.look(frames, self.name, box)
        metrics = {
            "faces_found": float(max(len(faces) for faces in look.faces)),
            "faces_outside_presenter": float(max(outside(faces, box) for faces in look.faces)),
            "nsfw_score": max(look.nsfw),
        }
        if look.nearest is not None:
            metrics["banned_face_distance"] = look.nearest
        return metrics, look.findings

    def _watermark(self, footage: Footage, watermark_id: str) -> dict[str, float]:
        wanted = int(watermark_id, 16)
        read = detect(footage.marks, secret=self.watermark_secret, expected=wanted)
        errors = 127 if read.errors_corrected is None else read.errors_corrected
        return {
            "watermark_sync_z": read.sync_z,
            "watermark_errors": float(errors),
            "watermark_read": float(read.payload == wanted),
        }

    def _sound_mark(self, samples: np.ndarray, watermark_id: str) -> dict[str, float]:
        """Nothing where there is nothing to carry it."""
        if not self.audio_watermark:
            return {}
        wanted = int(watermark_id, 16)
        try:
            read = detect_sound(samples, secret=self.watermark_secret, expected=wanted)
        except ValueError:
            return {}
        errors = 127 if read.payload != wanted else read.errors_corrected or 0
        fits = (read.matched_z or 0.0) >= threshold(len(read.soft_bits))
        return {"audio_watermark_errors": float(errors), "audio_watermark_read": float(fits)}
