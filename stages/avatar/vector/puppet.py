"""Puppet: one drawn host at one size, who takes any posture, mouth and look."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from schemas.host import Host
from stages.avatar.vector.brush import UNITS
from stages.avatar.vector.bust import canvas_over, draw_bust
from stages.avatar.vector.eyes import draw_brows, draw_eyes, draw_glasses
from stages.avatar.vector.face import Plan
from stages.avatar.vector.lips import Shape
from stages.avatar.vector.mouth import curves, draw_mouth
from stages.avatar.vector.posture import Pose, Warp

SUPERSAMPLING = 1.4
"""The drawing is so many times larger than the picture: its warp then costs no sharpness."""
_FEATURES = (360.0, 270.0, 640.0, 590.0)
"""What is drawn anew for each frame: eyes, brows, mouth and what glasses cover; units."""


@dataclass(frozen=True)
class Look:
    """What the face does in one frame."""

    mouth: Shape
    lids: float = 0.0
    brows: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)


class Puppet:
    """Draws frames. The still part is drawn once, with all its soft light; the rest each time."""

    def __init__(self, host: Host, size_px: int):
        """`host` in its final colours; `size_px` is the side of the pictures."""
        self.plan = Plan(host)
        canvas_px = round(size_px * SUPERSAMPLING)
        self._still = draw_bust(self.plan, canvas_px)
        self._scale = canvas_px / UNITS
        x0, y0, x1, y1 = (round(v * self._scale) for v in _FEATURES)
        self._area = (slice(y0, y1), slice(x0, x1))
        self._corner = (x0, y0)
        self._canvas = self._still.copy()
        self._patch = np.ascontiguousarray(self._still[self._area])
        self.warp = Warp(self.plan, canvas_px, size_px)

    def draw(self, look: Look, pose: Pose) -> np.ndarray:
        """One frame: uint8 (size, size, 4) BGRA with straight alpha."""
        self._patch[:] = self._still[self._area]
        with canvas_over(self._patch, opaque=True) as canvas:
            canvas.translate(-self._corner[0], -self._corner[1])
            canvas.scale(self._scale, self._scale)
            draw_mouth(canvas, self.plan, look.mouth)
            draw_eyes(canvas, self.plan, look.lids, look.gaze)
            draw_brows(canvas, self.plan, look.brows)
            draw_glasses(canvas, self.plan)
        self._canvas[self._area] = self._patch
        return self.warp.draw(self._canvas, pose)

    def lips(self, look: Look, pose: Pose) -> tuple[float, float, float, float]:
        """The box around the lips in a frame, as fractions of the picture: x0, y0, x1, y1."""
        x0, y0, x1, y1 = curves(self.plan, look.mouth).box
        shift = self.warp.shift(pose)
        cells = shift.shape[0] / UNITS
        near = shift[int(y0 * cells) : int(y1 * cells) + 1, int(x0 * cells) : int(x1 * cells) + 1]
        low, high = near.min(axis=(0, 1)), near.max(axis=(0, 1))
        return (
            (x0 + float(low[0])) / UNITS, (y0 + float(low[1])) / UNITS,
            (x1 + float(high[0])) / UNITS, (y1 + float(high[1])) / UNITS,
        )  # fmt: skip


def one_thread() -> None:
    """Frames are spread over workers, not over threads."""
    cv2.setNumThreads(1)
