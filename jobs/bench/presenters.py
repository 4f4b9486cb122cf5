"""What a presenter costs: CPU time per frame drawn and encoded, once it is warm."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.audition import FPS, Speech, perform
from stages.avatar import PresenterEngine

_SAID = [
    "M",
    "AA",
    "B",
    "IY",
    "F",
    "AO",
    "R",
    "V",
    "EH",
    "T",
    "S",
    "UW",
    "P",
    "AE",
    "N",
    "L",
    "OW",
    "K",
    "IH",
    "M",
    "AY",
    "D",
    "ER",
]


@dataclass(frozen=True)
class Cost:
    """Of one engine at one size."""

    size_px: int
    frames: int
    warm_s: float
    """CPU time of the first frame of all, which loads and prepares."""
    draw_ms: float
    """CPU time per frame in the worker."""
    encode_ms: float
    """CPU time per frame in ffmpeg."""

    @property
    def speed(self) -> float:
        """Times faster than real time on one core, drawn and encoded."""
        return 1000.0 / FPS / (self.draw_ms + self.encode_ms)


def measure(engine: PresenterEngine, folder: Path, size_px: int, seconds: float) -> Cost:
    """Have the engine talk for so long, after one frame to warm up. Needs an empty folder."""
    warm = _take(engine, folder / "warm", size_px, 1.0 / FPS)
    cold = _take(engine, folder / "take", size_px, seconds)
    frames = round(seconds * FPS)
    return Cost(size_px, frames, warm[0], cold[0] * 1000.0 / frames, cold[1] * 1000.0 / frames)


def _take(
    engine: PresenterEngine, folder: Path, size_px: int, seconds: float
) -> tuple[float, float]:
    """CPU seconds of a take, here and in child processes."""
    folder.mkdir()
    speech = _speech(seconds)
    before = os.times()
    perform(engine, speech, folder, size_px)
    after = os.times()
    own = after.user + after.system - before.user - before.system
    children = after.children_user + after.children_system
    return own, children - before.children_user - before.children_system


def _speech(seconds: float) -> Speech:
    """Nearly eleven phonemes a second, under a hum: engines that are timed here hear nothing."""
    time_s = np.arange(0.0, seconds, 0.09)
    phonemes = [
        {"symbol": _SAID[i % len(_SAID)], "stress": i % 2, "start_s": t, "end_s": t + 0.09}
        for i, t in enumerate(time_s.tolist())
    ]
    hum = 0.1 * np.sin(2 * np.pi * 180.0 * np.arange(round(seconds * 48_000)) / 48_000)
    sentence = {"text": "", "start_s": 0.0, "end_s": seconds}
    return Speech(hum.astype(np.float32), phonemes, [sentence])
