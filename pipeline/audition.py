"""Audition: any presenter engine says test words, for a sheet of mouth shapes and a short film."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skia

from pipeline.media import MediaStore
from stages.avatar import Performance, PresenterEngine, Take
from stages.shared.ffmpeg import run_ffmpeg
from stages.shared.fonts import font_file
from stages.shared.kinds import open_film_file
from stages.shared.lip_sync import ARPABET_TO_VISEME
from stages.shared.picture import write_png
from stages.shared.sound import resample, write_flac
from stages.speech import HibariVoice
from stages.speech.engine import SpokenWord

LINES = (
    "The quick brown fox jumps over the lazy dog.",
    "Pack my box with five dozen very big vanilla puffs.",
)
"""Nearly every letter, and M, B, P, F and V more than once."""

PROBES: tuple[tuple[str, str], ...] = (
    ("M", "mom"), ("B", "bob"), ("P", "pop"), ("F", "fan"), ("V", "van"), ("TH", "thin"),
    ("DH", "this"), ("T", "tea"), ("D", "day"), ("S", "see"), ("Z", "zoo"), ("SH", "she"),
    ("CH", "cheese"), ("N", "knee"), ("L", "leaf"), ("R", "red"), ("K", "key"), ("W", "we"),
    ("AA", "father"), ("AE", "cat"), ("EH", "bed"), ("IY", "bees"), ("AO", "law"), ("UW", "food"),
)  # fmt: skip
"""Each phoneme, and a word in which the default voice says it."""

FPS, RATE_HZ = 24, 48_000
_GAP_S, _BEFORE_S = 0.45, 0.4
_PAPER = (236, 240, 241)
_COLUMNS, _CELL_PX, _LABEL_PX = 6, 200, 46


@dataclass(frozen=True)
class Speech:
    """Sound (samples,) at 48 kHz, and what is said in it: PHONEME and SENTENCE structs."""

    samples: np.ndarray
    phonemes: list[dict[str, Any]]
    sentences: list[dict[str, Any]]

    @property
    def frames(self) -> int:
        """Its length in frames."""
        return round(len(self.samples) / RATE_HZ * FPS)


def spoken(lines: Sequence[str]) -> Speech:
    """The default voice says the lines, one after the other, with a breath between them."""
    voice = HibariVoice()
    voice.load()
    sound = [np.zeros(round(_BEFORE_S * RATE_HZ), np.float32)]
    phonemes: list[dict[str, Any]] = []
    sentences: list[dict[str, Any]] = []
    for line in lines:
        begin_s = sum(len(part) for part in sound) / RATE_HZ
        words = line.rstrip(".").split()
        said = voice.speak(
            [SpokenWord(w, pause="." if i == len(words) - 1 else "") for i, w in enumerate(words)],
            1.0,
        )
        flat = [p for word in said.words for p in word]
        phonemes += [
            {"symbol": p.symbol, "stress": p.stress,
             "start_s": begin_s + p.start_s, "end_s": begin_s + p.end_s}
            for p in flat
        ]  # fmt: skip
        ends = (begin_s + flat[0].start_s, begin_s + flat[-1].end_s)
        sentences.append({"text": line, "start_s": ends[0], "end_s": ends[1]})
        sound.append(resample(said.samples, said.rate_hz, RATE_HZ))
        sound.append(np.zeros(round(_GAP_S * RATE_HZ), np.float32))
    return Speech(np.concatenate(sound), phonemes, sentences)


def perform(
    engine: PresenterEngine, speech: Speech, folder: Path, size_px: int, seed: int = 1
) -> Take:
    """The engine's take of it, a file in `folder`. Raises `Reject`."""
    engine.load()
    write_flac(folder / "voice.flac", speech.samples * min(1.0, 0.9 / _peak(speech)), RATE_HZ)
    performance = Performance(
        voice=folder / "voice.flac", phonemes=speech.phonemes, sentences=speech.sentences,
        first_frame=0, visibility=(1.0,) * speech.frames, size_px=size_px, fps=FPS,
        audio_lead_s=0.012, seed=seed,
    )  # fmt: skip
    with MediaStore(str(folder / "store")).workspace() as media:
        take = engine.perform(performance, media)
        take.path.rename(folder / "take.mp4")
        return Take(folder / "take.mp4", take.mouth_box)


def read_take(path: Path) -> np.ndarray:
    """What a compositor makes of a take's two streams: uint8 (n, h, w, 4) RGBA."""
    streams = []
    for index, pixels in ((0, "rgb24"), (1, "gray")):
        with open_film_file(path) as file:
            decoded = file.decode(file.streams.video[index])
            streams.append(np.stack([frame.to_ndarray(format=pixels) for frame in decoded]))
    return np.concatenate([streams[0], streams[1][..., None]], axis=3)


def mouth_sheet(engine: PresenterEngine, out: Path, size_px: int = 844) -> dict[str, float]:
    """Write a PNG of the mouth in the middle of each of `PROBES`, its phoneme under it.

    Returns the moment of each in s. What is shown are frames of a real take, encoded and decoded.
    """
    speech = spoken([f"{word}." for _, word in PROBES])
    moments = _moments(speech)
    with tempfile.TemporaryDirectory(prefix="spotmill-audition-") as folder:
        take = perform(engine, speech, Path(folder), size_px)
        frames = read_take(take.path)
    box = take.mouth_box
    middle = ((box.x0 + box.x1) / 2 * size_px, (box.y0 + box.y1) / 2 * size_px)
    reach = 0.85 * max(box.x1 - box.x0, box.y1 - box.y0) * size_px
    x0, y0 = (max(0, round(v - reach)) for v in middle)
    x1, y1 = (min(size_px, round(v + reach)) for v in middle)
    cells = [
        (symbol, word, _on_paper(frames[min(len(frames) - 1, round(moments[symbol] * FPS))]))
        for symbol, word in PROBES
    ]
    write_png(out, _sheet([(s, w, picture[y0:y1, x0:x1]) for s, w, picture in cells]))
    return moments


def film(
    engine: PresenterEngine, out: Path, lines: Sequence[str] = LINES, size_px: int = 844
) -> Speech:
    """Write an MP4 of the presenter saying the lines on a plain ground; returns what was said."""
    speech = spoken(lines)
    with tempfile.TemporaryDirectory(prefix="spotmill-audition-") as folder:
        take = perform(engine, speech, Path(folder), size_px)
        ground = "0x{:02x}{:02x}{:02x}".format(*_PAPER)
        graph = (
            f"color=c={ground}:s={size_px}x{size_px}:r={FPS}[ground];"
            "[0:v:0][0:v:1]alphamerge[host];[ground][host]overlay=shortest=1:format=auto,"
            "format=yuv420p[seen]"
        )
        run_ffmpeg([
            "-i", str(take.path), "-i", str(Path(folder) / "voice.flac"), "-filter_complex", graph,
            "-map", "[seen]", "-map", "1:a", "-c:v", "libx264", "-crf", "20", "-c:a", "aac",
            "-b:a", "128k", "-movflags", "+faststart", str(out),
        ])  # fmt: skip
    return speech


def _moments(speech: Speech) -> dict[str, float]:
    """The middle of each probe's phoneme in the sentence that is its word."""
    found = {}
    for (symbol, word), sentence in zip(PROBES, speech.sentences, strict=True):
        own = [
            p for p in speech.phonemes
            if sentence["start_s"] - 1e-6 <= p["start_s"] < sentence["end_s"]
        ]  # fmt: skip
        match = [p for p in own if p["symbol"] == symbol]
        if not match:
            said = " ".join(p["symbol"] for p in own)
            raise ValueError(f"the voice says {word!r} as {said}, without {symbol}")
        found[symbol] = (match[0]["start_s"] + match[0]["end_s"]) / 2
    return found


def _peak(speech: Speech) -> float:
    return max(0.9, float(np.abs(speech.samples).max()))


def _on_paper(frame: np.ndarray) -> np.ndarray:
    alpha = frame[..., 3:].astype(np.float32) / 255.0
    return np.rint(frame[..., :3] * alpha + np.array(_PAPER) * (1.0 - alpha)).astype(np.uint8)


def _sheet(cells: Sequence[tuple[str, str, np.ndarray]]) -> np.ndarray:
    """Uint8 RGB: the pictures in rows, under each its phoneme, word and viseme."""
    rows = -(-len(cells) // _COLUMNS)
    height, width = rows * (_CELL_PX + _LABEL_PX), _COLUMNS * _CELL_PX
    pixels = np.full((height, width, 4), 255, np.uint8)
    info = skia.ImageInfo.Make(width, height, skia.kRGBA_8888_ColorType, skia.kOpaque_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, pixels, pixels.strides[0])
    canvas, files = surface.getCanvas(), skia.FontMgr.New_Custom_Empty()
    large, small = (
        skia.Font(files.makeFromFile(str(font_file(name))), size_px)
        for name, size_px in (("Inter-Bold.otf", 19), ("Inter-Medium.otf", 14))
    )
    for n, (symbol, word, picture) in enumerate(cells):
        x, y = n % _COLUMNS * _CELL_PX, n // _COLUMNS * (_CELL_PX + _LABEL_PX)
        whole = np.ascontiguousarray(
            np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
        )
        image = skia.Image.fromarray(whole, skia.kRGBA_8888_ColorType)
        place = skia.Rect.MakeXYWH(x + 3, y + 3, _CELL_PX - 6, _CELL_PX - 6)
        canvas.drawImageRect(image, place, skia.SamplingOptions(skia.CubicResampler.Mitchell()))
        dark = skia.Paint(AntiAlias=True, Color=0xFF1D1F24)
        canvas.drawString(symbol, x + 8, y + _CELL_PX + 20, large, dark)
        note = f"{word}, {ARPABET_TO_VISEME[symbol]}"
        canvas.drawString(note, x + 48, y + _CELL_PX + 20, small, dark)
    surface.flushAndSubmit()
    return pixels[..., :3].copy()
