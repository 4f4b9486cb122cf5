"""In-between pictures: dense flow carries each picture part of the way before the two are mixed."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np


def dense_flow(source: np.ndarray, target: np.ndarray, finest_scale: int = 0) -> np.ndarray:
    """Where each pixel of `source` went: float32 (h, w, 2) with source(p) ~ target(p + flow(p)).

    Both are uint8 (h, w, 3) BGR. DIS optical flow (Kroeger et al. 2016), as OpenCV has it;
    `finest_scale` 0 works at full size, 1 at half.
    """
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    method.setFinestScale(finest_scale)
    grays = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) for p in (source, target)]
    return method.calc(grays[0], grays[1], None)  # type: ignore[call-overload, no-any-return]


def grid(height_px: int, width_px: int) -> np.ndarray:
    """Each pixel's own place: float32 (h, w, 2) of x, y."""
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    return np.dstack([x, y])


def pull(picture: np.ndarray, places: np.ndarray, cubic: bool = True) -> np.ndarray:
    """`picture` sampled at `places`, float32 (h, w, 2) of x, y; the edge is repeated outside."""
    method = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    edge = cv2.BORDER_REPLICATE
    return cv2.remap(picture, places, None, method, borderMode=edge)  # type: ignore[call-overload, no-any-return]


class Blend:
    """Mixes any two of several pictures of the same thing, moving each towards the other.

    Flow is computed once from the first picture to each other and back; between two others it is
    joined through the first. Good for eyelids; lips need `mouth.MouthBlend`.
    """

    def __init__(self, pictures: Mapping[str, np.ndarray], flow_of: Mapping[str, np.ndarray]):
        """`pictures` are uint8 (h, w, 3) BGR; flow is measured between those of `flow_of`."""
        self.pictures = dict(pictures)
        names = list(pictures)
        height, width = pictures[names[0]].shape[:2]
        self._grid = grid(height, width)
        first = flow_of[names[0]]
        still = np.zeros_like(self._grid)
        self._out = {n: _calm(dense_flow(first, flow_of[n])) for n in names[1:]} | {names[0]: still}
        self._in = {n: _calm(dense_flow(flow_of[n], first)) for n in names[1:]} | {names[0]: still}
        self._between: dict[tuple[str, str], np.ndarray] = {}

    def flow(self, source: str, target: str) -> np.ndarray:
        """Flow from one picture to another, float32 (h, w, 2), kept once made."""
        if (source, target) not in self._between:
            home = self._in[source]
            onward = pull(self._out[target], self._grid + home, cubic=False)
            self._between[source, target] = home + onward
        return self._between[source, target]

    def places(self, source: str, target: str, part: float) -> np.ndarray:
        """Where in `source` to look when it has gone `part` of the way: float32 (h, w, 2)."""
        return np.asarray(self._grid - part * self.flow(source, target), np.float32)

    def mix(self, a: str, b: str, t: float, haste: float = 1.0) -> np.ndarray:
        """The picture `t` (0 to 1) of the way from `a` to `b`: float32 (h, w, 3).

        With `haste` above 1 the look of `b` is there so many times sooner than its shape: for
        what `b` covers and `a` shows, such as the iris under a lid.
        """
        if t <= 0.0 or a == b:
            return self.pictures[a].astype(np.float32)
        if t >= 1.0:
            return self.pictures[b].astype(np.float32)
        near = pull(self.pictures[a], self.places(a, b, t)).astype(np.float32)
        far = pull(self.pictures[b], self.places(b, a, 1.0 - t)).astype(np.float32)
        return near + (far - near) * min(1.0, haste * t)


def _calm(flow: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(flow, (0, 0), 2.0)
