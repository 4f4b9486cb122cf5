"""The clips' own sound as one track: each where its clip is seen, faded as the pictures are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stages.shared.ffmpeg import decode_audio

RATE_HZ = 48_000
CUT_S = 0.01
"""Fade at a hard cut: enough that nothing clicks."""


@dataclass(frozen=True)
class ClipTrack:
    """A clip's sound in `path`, which begins with the clip at `start_s` and is heard to `end_s`;
    it comes and goes within `rise_s` and `fall_s`."""

    path: Path
    start_s: float
    end_s: float
    rise_s: float
    fall_s: float


def clip_tracks(
    shots: Sequence[Mapping[str, Any]], sounds: Mapping[int, Path], changes_s: Sequence[float]
) -> list[ClipTrack]:
    """Tracks of the shots (SHOT rows) that have a sound, by the shot's index; `changes_s` are the
    lengths of the changes from each shot to the next."""
    found, rise_s = [], 0.0
    for shot, fall_s in zip(shots, [*changes_s, 0.0], strict=True):
        if (path := sounds.get(shot["index"])) is not None:
            found.append(ClipTrack(path, shot["start_s"], shot["end_s"] + fall_s, rise_s, fall_s))
        rise_s = fall_s
    return found


def joined(tracks: Sequence[ClipTrack], count: int) -> np.ndarray:
    """All of them, float32 (count, 2) at 48 kHz: over a crossfade both are heard at equal power."""
    track = np.zeros((count, 2), np.float32)
    for one in tracks:
        first = round(one.start_s * RATE_HZ)
        room = min(round((one.end_s - one.start_s) * RATE_HZ), count - first)
        sound = decode_audio(one.path, RATE_HZ, channels=2)[: max(0, room)]
        track[first : first + len(sound)] += sound * _envelope(len(sound), one)[:, None]
    return track


def _envelope(count: int, one: ClipTrack) -> np.ndarray:
    at_s = np.arange(count) / RATE_HZ
    rise = np.clip(at_s / max(one.rise_s, CUT_S), 0, 1)
    fall = np.clip((count / RATE_HZ - at_s) / max(one.fall_s, CUT_S), 0, 1)
    return np.asarray(np.sin(np.pi / 2 * rise) * np.sin(np.pi / 2 * fall), np.float32)
