"""The demo presenter's mouth saying known phonemes, late or early by a known time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from jobs.bench.sync_voices import DEMO
from stages.avatar.mouth import MouthBlend
from stages.avatar.rig import load_rig
from stages.avatar.visemes import viseme_weights
from stages.shared.lip_sync import VISEMES, mouth_openness


class Mouths:
    """The rig's mouth, drawn as the presenter engine does, at `fps`."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._mouth = MouthBlend(load_rig(DEMO / "presenter").mouth.sprites, "sil")
        self._kept: dict[tuple[int, int, int], np.ndarray] = {}

    def saying(
        self, phonemes: Sequence[Mapping[str, Any]], late_s: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """(times in s, openness measured in its pixels), float (n,) both, of a mouth that says the
        PHONEME rows `late_s` later than they are heard; nothing is drawn ahead of the sound."""
        count = round((phonemes[-1]["end_s"] + 0.4) * self._fps)
        times_s = np.arange(count) / self._fps
        weights = viseme_weights(phonemes, times_s - late_s)
        return times_s, mouth_openness([self._crop(row) for row in weights])

    def _crop(self, weights: np.ndarray) -> np.ndarray:
        """Uint8 RGB around the lips; shares to one percent, so that crops can be kept."""
        a, b = sorted(int(i) for i in np.argsort(weights, kind="stable")[-2:])
        share = round(100 * float(weights[b] / (weights[a] + weights[b])))
        if (a, b, share) not in self._kept:
            picture = self._mouth.mix(VISEMES[a], VISEMES[b], share / 100)
            x0, y0, x1, y1 = self._mouth.lips_px()
            crop = np.clip(picture[y0 - 8 : y1 + 8, x0 - 8 : x1 + 8, ::-1], 0, 255)
            small = cv2.resize(crop.astype(np.uint8), (128, 96), interpolation=cv2.INTER_AREA)
            self._kept[(a, b, share)] = small
        return self._kept[(a, b, share)]
