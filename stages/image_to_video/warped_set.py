"""The studio set as the camera sees it: wall, light and stage, each warped by its distance."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.image_to_video.moves import Path
from stages.image_to_video.placing import Placement
from stages.image_to_video.scene import Scene

WALL_DEPTH = 0.45
"""How much of the product's change of scale and place the wall takes part in: 1 is all of it."""

OPENS_PER_PITCH = 3.6
"""How much more of the ground shows per radian that it is seen from above: an ellipse as flat as a
plinth's top opens by 5.3, its side, which is warped with it, not at all."""

FAINT = 0.003
"""A cover of the stage below it is nothing: less than a level of the picture."""


@dataclass
class WarpedSet:
    """Warps a scene for the frames of a shot."""

    scene: Scene
    path: Path
    placement: Placement
    unit_px: float
    """The product's size, in which the path tells its shifts."""
    frame: tuple[int, int]
    """Width and height of what is drawn on, multiples of 8."""

    def __post_init__(self) -> None:
        """Find the part of the stage that there is anything of."""
        x, y, wide, tall = cv2.boundingRect((self.scene.stage[3] > FAINT).astype(np.uint8))
        self._stage_part = (x, y, x + wide, y + tall)

    def planes(self, index: int) -> list[np.ndarray]:
        """Y' at half the frame's size, Cb and Cr about 0 at a quarter: wall, light and stage."""
        path, width, height = self.path, self.frame[0], self.frame[1]
        x, y = path.x[index] * self.unit_px, path.y[index] * self.unit_px
        opened = 1 + OPENS_PER_PITCH * path.pitch[index]
        near = self._inverse(path.scale[index], x, y, opened)
        aside, above = path.pan[index] * width, path.lift[index] * height
        grown = path.scale[index] ** WALL_DEPTH * path.wall[index]
        far = self._inverse(grown, x * WALL_DEPTH + aside, y * WALL_DEPTH + above)
        # The light slides over the wall by itself, slowly: the sun moves, the set doesn't.
        aside += (path.eased[index] - 0.5) * 0.06 * width
        drift = self._inverse(grown, x + aside, y + above)
        half, quarter = (width // 2, height // 2), (width // 4, height // 4)
        planes = [
            self._warp(self.scene.wall[plane], far, size, step)
            for plane, size, step in ((0, half, 2), (1, quarter, 4), (2, quarter, 4))
        ]
        light = cv2.resize(self._warp(self.scene.light, drift, quarter, 4), half)
        planes[0] += cv2.multiply(planes[0], light, dst=light)
        self._stage(near, planes)
        return planes

    def _stage(self, near: np.ndarray, planes: list[np.ndarray]) -> None:
        """Blend what stands around the product over the wall, where there is anything of it."""
        x0, y0, x1, y1 = self._stage_box(near)
        if x1 <= x0 or y1 <= y0:
            return
        small = (x0 // 2, y0 // 2, x1 // 2, y1 // 2)
        cover = self._warp(self.scene.stage[3], near, (x1 - x0, y1 - y0), 2, (x0, y0))
        less = cv2.resize(cover, (small[2] - small[0], small[3] - small[1]),
                          interpolation=cv2.INTER_AREA)  # fmt: skip
        for plane, box, step, mask in (
            (0, (x0, y0, x1, y1), 2, cover), (1, small, 4, less), (2, small, 4, less)
        ):  # fmt: skip
            behind = planes[plane][box[1] : box[3], box[0] : box[2]]
            size = (box[2] - box[0], box[3] - box[1])
            front = self._warp(self.scene.stage[plane], near, size, step, box[:2])
            front -= mask * behind
            behind += front

    def _stage_box(self, near: np.ndarray) -> tuple[int, int, int, int]:
        """The part of the half-size frame that the stage may touch, on multiples of 4 pixels."""
        at = self._local(near, self.scene.stage[3], (self.frame[0] // 2, self.frame[1] // 2), 2)
        spans = []
        for axis, length in ((0, self.frame[0] // 2), (1, self.frame[1] // 2)):
            first, last = self._stage_part[axis], self._stage_part[axis + 2]
            begin = (first - at[axis, 2]) / at[axis, axis] - 2
            end = (last - at[axis, 2]) / at[axis, axis] + 2
            spans.append((int(max(0, begin) // 4 * 4), int(min(length, -(-end // 4) * 4))))
        (x0, x1), (y0, y1) = spans
        return x0, y0, x1, y1

    def _inverse(self, scale: float, x_px: float, y_px: float, opened: float = 1.0) -> np.ndarray:
        """2x3 matrix from full frame pixels to full pixels of a layer that is scaled about the
        product's foot, upright by `opened` more, and then shifted."""
        foot_x, foot_y = self.placement.foot_x_px, self.placement.foot_y_px
        tall = scale * opened
        shift = (foot_x - (foot_x + x_px) / scale, foot_y - (foot_y + y_px) / tall)
        return np.array([[1 / scale, 0, shift[0]], [0, 1 / tall, shift[1]]])

    def _local(
        self, matrix: np.ndarray, layer: np.ndarray, size: tuple[int, int], step: int
    ) -> np.ndarray:
        """`matrix` for a layer that has one pixel per `step` frame pixels, and covers a frame of
        `size` such pixels and a margin; centres stay centres."""
        local = matrix.copy()
        margin = (layer.shape[1] - size[0]) / 2, (layer.shape[0] - size[1]) / 2
        for axis in range(2):
            local[axis, 2] = matrix[axis, 2] / step + 0.5 * (matrix[axis, axis] - 1) + margin[axis]
        return local

    def _warp(
        self, layer: np.ndarray, matrix: np.ndarray, size: tuple[int, int], step: int,
        corner: tuple[int, int] = (0, 0),
    ) -> np.ndarray:  # fmt: skip
        """Warp a layer; of the result only a part of `size` at `corner` is made."""
        whole = (self.frame[0] // step, self.frame[1] // step)
        local = self._local(matrix, layer, whole, step)
        local[:, 2] += local[:, :2] @ corner
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(layer, local, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
