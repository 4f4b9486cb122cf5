"""Renders the frames of one shot: the product over its set, warped by the camera's path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from schemas.layout import Box
from stages.image_to_video.drawing import canvas, dither
from stages.image_to_video.moves import Path
from stages.image_to_video.placing import Placement, matrix_at
from stages.image_to_video.product import DEPTH_STEP, ProductLayer
from stages.image_to_video.scene import Scene
from stages.image_to_video.warped_set import WarpedSet

VISIBLE = 24
"""Alpha (of 255) from which a pixel counts as product."""


@dataclass
class ShotRenderer:
    """Makes the frames of one shot, as yuv420p, and keeps account of where the product was."""

    scene: Scene
    product: ProductLayer
    size: tuple[int, int]
    """Width and height of the cut-out that `placement` speaks of."""
    path: Path
    placement: Placement
    frame: tuple[int, int]
    """Width and height of the frames, even; what is drawn on is `drawing.canvas` of it."""
    seed: int
    sweep: float = 0.2
    """Strength of the light that sweeps across the product, 0 to 1."""
    box_px: list[int] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Draw the dither, the same in every frame: it costs the encoder 3 % more bytes."""
        self.shown, self.frame = self.frame, canvas(self.frame)
        width, height = self.frame
        self._dither = dither(self.frame, self.seed)
        self._fine = self._dither[: height // 2, : width // 2] + np.float32(128)
        unit = self.placement.scale * max(self.size)
        self._set = WarpedSet(self.scene, self.path, self.placement, unit, self.frame)
        self._buffer = np.empty((height * 3 // 2, width), np.uint8)

    @property
    def product_box(self) -> Box:
        """Union of where the product was in the frames rendered so far, in fractions."""
        width, height = self.shown
        x0, y0, x1, y1 = self.box_px
        return Box(x0 / width, y0 / height, min(1.0, x1 / width), min(1.0, y1 / height))

    def frames(self) -> Iterator[np.ndarray]:
        """The frames, uint8 (height * 3 / 2, width); each may be overwritten by the next."""
        for index in range(len(self.path.scale)):
            yield self.draw(index)

    def draw(self, index: int) -> np.ndarray:
        """One frame of the path."""
        width, height = self.frame
        planes = self._set.planes(index)
        luma = self._buffer[:height]
        blue, red = self._buffer[height:].reshape(2, height // 2, width // 2)
        large = cv2.resize(planes[0], self.frame)
        cv2.add(large, self._dither, luma, dtype=cv2.CV_8U)
        for plane, target in ((planes[1], blue), (planes[2], red)):
            wide = cv2.resize(plane, (width // 2, height // 2))
            cv2.add(wide, self._fine, target, dtype=cv2.CV_8U)
        self._product(index, luma, blue, red)
        if self.shown == self.frame:
            return self._buffer
        shown_width, shown_height = self.shown
        halves = (
            plane[: shown_height // 2, : shown_width // 2].reshape(-1) for plane in (blue, red)
        )
        return np.concatenate([luma[:shown_height, :shown_width].reshape(-1), *halves]).reshape(
            -1, shown_width
        )

    def _product(self, index: int, luma: np.ndarray, blue: np.ndarray, red: np.ndarray) -> None:
        """Blend the product over the frame's planes and widen its box."""
        cut_width, cut_height = self.size
        matrix = (
            matrix_at(self.path, index, self.placement, cut_width, cut_height)
            @ self.product.to_cutout
        )
        x0, y0, x1, y1 = self._region(matrix)
        map_x, map_y, band = self._maps(matrix, index, x0, y0, x1, y1)
        colour, *chroma, alpha = cv2.split(
            cv2.remap(self.product.planes, map_x, map_y, cv2.INTER_LINEAR)
        )
        if band is not None:
            headroom = cv2.addWeighted(alpha, 235 / 255, colour, -1, 0)
            colour = cv2.add(colour, cv2.multiply(headroom, band, scale=1 / 255))
        _blend(luma[y0:y1, x0:x1], colour, alpha)
        half = ((x1 - x0) // 2, (y1 - y0) // 2)
        small = [cv2.resize(one, half, interpolation=cv2.INTER_AREA) for one in (*chroma, alpha)]
        for plane, target in ((small[0], blue), (small[1], red)):
            _blend(target[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2], plane, small[2])
        self._widen(alpha[: self._standing(matrix) - y0], x0, y0)

    def _standing(self, matrix: np.ndarray) -> int:
        """The frame's row below which nothing of the product is but its reflection."""
        ends = matrix @ np.array([[0, self.product.width], [self.product.foot] * 2, [1, 1]])
        return int(np.ceil((ends[1] / ends[2]).max())) + 1

    def _region(self, matrix: np.ndarray) -> tuple[int, int, int, int]:
        """The frame's part that the product may touch, on multiples of 16 pixels."""
        width, height = self.product.width, self.product.height
        points = matrix @ np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1]])
        x, y = points[0] / points[2], points[1] / points[2]
        x0, y0 = int(max(0, x.min()) // 16 * 16), int(max(0, y.min()) // 16 * 16)
        x1 = min(self.frame[0], int(-(-x.max() // 16) * 16))
        y1 = min(self.frame[1], int(-(-y.max() // 16) * 16))
        return x0, y0, x1, y1

    def _maps(
        self, matrix: np.ndarray, index: int, x0: int, y0: int, x1: int, y1: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Where each pixel of the region comes from, float32, and the light on it, uint8.

        Worked out on every eighth pixel and interpolated: a homography and a soft bulge are
        straight to within 0.01 px over that distance.
        """
        grid_x = np.arange(x0 - 8, x1 + 8, 8, dtype=np.float64) + 4
        grid_y = np.arange(y0 - 8, y1 + 8, 8, dtype=np.float64) + 4
        x, y = np.meshgrid(grid_x, grid_y)
        inverse = np.linalg.inv(matrix)
        below = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
        from_x = ((inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) / below).astype(
            np.float32
        )
        from_y = ((inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) / below).astype(
            np.float32
        )
        depth = cv2.remap(
            self.product.depth, from_x / DEPTH_STEP - 0.5, from_y / DEPTH_STEP - 0.5,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )  # fmt: skip
        from_x = from_x + depth * np.float32(np.tan(self.path.yaw[index]))
        size = (x1 - x0 + 16, y1 - y0 + 16)
        inner = (slice(8, -8), slice(8, -8))
        map_x = np.ascontiguousarray(cv2.resize(from_x - np.float32(0.5), size)[inner])
        map_y = np.ascontiguousarray(cv2.resize(from_y - np.float32(0.5), size)[inner])
        band = self._light_band(from_x, from_y, depth, index)
        if band is None:
            return map_x, map_y, None
        return map_x, map_y, np.ascontiguousarray(cv2.resize(band, size)[inner])

    def _light_band(
        self, x: np.ndarray, y: np.ndarray, depth: np.ndarray, index: int
    ) -> np.ndarray | None:
        """The sweep of light in the product's own pixels, bent by its bulge; None if away."""
        size = max(self.product.width, self.product.height)
        at = (self.path.eased[index] - 0.5) * 1.7 + 0.1
        place = (
            x - self.product.width / 2 + 0.42 * (self.product.height / 2 - y) + 0.9 * depth
        ) / size
        away = (place - np.float32(at)) / 0.13
        band = (
            self.sweep * 255 * (np.exp(-away * away) + 0.35 * np.exp(-(((away - 2.4) / 0.45) ** 2)))
        )
        if float(band.max()) < 1:
            return None
        return band.astype(np.uint8)

    def _widen(self, alpha: np.ndarray, x0: int, y0: int) -> None:
        """Widen the product's box to this frame's."""
        columns = np.flatnonzero(alpha.max(axis=0) >= VISIBLE)
        rows = np.flatnonzero(alpha.max(axis=1) >= VISIBLE)
        if not len(columns):
            return
        now = [x0 + columns[0], y0 + rows[0], x0 + columns[-1] + 1, y0 + rows[-1] + 1]
        old = self.box_px or now
        self.box_px = [
            int(v) for v in (*np.minimum(old[:2], now[:2]), *np.maximum(old[2:], now[2:]))
        ]


def _blend(target: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
    """target = target * (1 - alpha) + premultiplied colour, in place, uint8."""
    behind = cv2.multiply(target, cv2.bitwise_not(alpha), scale=1 / 255)
    cv2.add(behind, colour, dst=target)
