"""The soundtrack of a spot: mixed, brought to its loudness, set right by what AAC made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from stages.composite.clip_tracks import ClipTrack
from stages.composite.mix import RATE_HZ, Levels, master, mix, write_wav
from stages.shared.ffmpeg import decode_audio
from stages.shared.sound import SILENCE_DB, loudness_lufs, true_peak_dbtp
from stages.shared.watermark import mark_sound

HEADROOM_DB = 0.7
"""Kept below the allowed true peak for what AAC adds."""
TOLERANCE_LU = 0.5


@dataclass
class Soundtrack:
    """A mix and what is aimed at: loudness and true peak as they are to be in the encoded file."""

    raw: np.ndarray
    loudness_lufs: float
    true_peak_dbtp: float
    aim_lufs: float
    aim_dbtp: float

    @staticmethod
    def of(
        voice: Path, music: Path | None, effects: Mapping[str, Path],
        words: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]],
        length_s: float, levels: Levels, loudness_lufs: float, true_peak_dbtp: float,
        clips: Sequence[ClipTrack] = (),
    ) -> Soundtrack:  # fmt: skip
        """Mix it; see `mix.mix`."""
        raw = mix(voice, music, effects, words, events, length_s, levels, clips)
        return Soundtrack(
            raw, loudness_lufs, true_peak_dbtp, loudness_lufs, true_peak_dbtp - HEADROOM_DB
        )

    def marked(self, payload: int, secret: str) -> Soundtrack:
        """The same with the watermark in the mix: before it is brought to its loudness, so that
        loudness and true peak hold of what is published."""
        raw = mark_sound(self.raw, payload, secret=secret)
        return replace(self, raw=raw)

    def aimed(self, loudness_lufs: float, true_peak_dbtp: float) -> Soundtrack:
        """The same mix for another file; this one, with what it has learned of AAC, where nothing
        else is asked for."""
        if (loudness_lufs, true_peak_dbtp) == (self.loudness_lufs, self.true_peak_dbtp):
            return self
        aim_dbtp = true_peak_dbtp - HEADROOM_DB
        return Soundtrack(self.raw, loudness_lufs, true_peak_dbtp, loudness_lufs, aim_dbtp)

    def write(self, path: Path) -> None:
        """Write the mastered sound as WAV."""
        write_wav(path, master(self.raw, self.aim_lufs, self.aim_dbtp))

    def correct(self, measured: Mapping[str, float]) -> bool:
        """Move the aim by what the encoded file is off; False if nothing need be done."""
        if measured["loudness_lufs"] <= SILENCE_DB:
            return False
        over_db = measured["true_peak_dbtp"] - self.true_peak_dbtp
        off_lu = measured["loudness_lufs"] - self.loudness_lufs
        if over_db <= 0 and abs(off_lu) <= 0.6 * TOLERANCE_LU:
            return False
        self.aim_dbtp -= over_db + 0.2 if over_db > 0 else 0.0
        self.aim_lufs -= off_lu
        return True

    def require(self, measured: Mapping[str, float]) -> None:
        """Raise `RuntimeError` if the encoded sound is still not as asked for."""
        if measured["loudness_lufs"] <= SILENCE_DB:
            return
        off_lu = measured["loudness_lufs"] - self.loudness_lufs
        if abs(off_lu) > TOLERANCE_LU or measured["true_peak_dbtp"] > self.true_peak_dbtp:
            raise RuntimeError(
                f"the encoded sound is at {measured['loudness_lufs']:.2f} LUFS and"
                f" {measured['true_peak_dbtp']:.2f} dBTP; {self.loudness_lufs:g} LUFS and"
                f" {self.true_peak_dbtp:g} dBTP cannot both be met: lower loudness_lufs"
            )


def measure(path: Path) -> dict[str, float]:
    """Loudness and true peak of an encoded file, decoded again."""
    sound = decode_audio(path, RATE_HZ, channels=2)
    return {
        "loudness_lufs": loudness_lufs(sound, RATE_HZ),
        "true_peak_dbtp": true_peak_dbtp(sound),
    }
