"""Posture: where head, jaw and shoulders carry each pixel of a drawn host."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.avatar.morph import grid
from stages.avatar.motion import Motion
from stages.avatar.vector.brush import UNITS
from stages.avatar.vector.face import CHIN_Y, MIDDLE, NECK_Y, Plan

_COARSE = 96
"""Displacements are smooth: they are added up on a grid of so many cells a side."""
TURN_RAD, NOD_RAD = 0.62, 0.40
"""Angle of a whole turn and nod of `motion.Motion`, of which a third is ever reached."""
TURN_MAX, NOD_MAX, TILT_MAX_DEG = 0.36, 0.45, 2.4
JAW_UNITS = 17.0
"""How far the chin goes down with the widest mouth."""
RIG_PX = 720.0
"""`Motion` counts sway and breath in pixels of a canvas of this size."""


@dataclass(frozen=True)
class Pose:
    """One frame's posture, from `motion.Motion`, and how far the jaw hangs (0 to 1)."""

    turn: float
    nod: float
    tilt_deg: float
    sway: float
    breath: float
    """`sway` to the right and `breath` up, in units."""
    jaw: float


def pose_of(motion: Motion, frame: int, jaw: float) -> Pose:
    """The posture of a frame, held within what a flat picture bears."""
    scale = UNITS / RIG_PX
    return Pose(
        turn=float(np.clip(motion.turn[frame], -TURN_MAX, TURN_MAX)),
        nod=float(np.clip(motion.nod[frame], -NOD_MAX, NOD_MAX)),
        tilt_deg=float(np.clip(motion.tilt_deg[frame], -TILT_MAX_DEG, TILT_MAX_DEG)),
        sway=float(motion.sway_px[frame]) * scale,
        breath=float(motion.breath_px[frame]) * scale,
        jaw=jaw,
    )


class Warp:
    """Carries a flat drawing into a posture, as if it had the depth of a head.

    The head is half an ellipsoid with a nose; turned by a small angle, what is near comes along
    and what is far goes back. Each field is smooth, so that nothing tears.
    """

    def __init__(self, plan: Plan, canvas_px: int, size_px: int):
        """From a canvas of `canvas_px` to pictures of `size_px`, both square."""
        self.size_px, self.canvas_px = size_px, canvas_px
        self._unit_px = canvas_px / UNITS
        spots = (grid(_COARSE, _COARSE) + 0.5) * (UNITS / _COARSE)
        x, y = spots[..., 0], spots[..., 1]
        face = plan.host.face
        head = _smoothstep((NECK_Y + 75.0 - y) / 150.0)
        away = np.hypot((x - MIDDLE) / (152.0 * face.width), (y - 372.0) / 226.0)
        depth = 118.0 * np.sqrt(np.clip(1.0 - away**2, 0.0, 1.0)) - 46.0 * _smoothstep(away - 0.85)
        depth += 26.0 * np.exp(-(((x - MIDDLE) / 26.0) ** 2) - ((y - plan.y(420)) / 36.0) ** 2)
        depth = cv2.GaussianBlur(depth.astype(np.float32), (0, 0), 1.8) * head
        still = np.zeros_like(depth)
        self._turn = np.dstack([depth, still])
        self._nod = np.dstack([still, depth])
        self._tilt = np.dstack([-(y - NECK_Y) * head, (x - MIDDLE) * head]) * (np.pi / 180.0)
        rise = _smoothstep((UNITS - y) / 360.0)
        self._sway, self._breath = np.dstack([rise, still]), np.dstack([still, -rise])
        chin = plan.y(CHIN_Y)
        hang = _smoothstep((y - plan.y(462)) / (chin - plan.y(462)))
        hang *= 1.0 - _smoothstep((y - chin - 4.0) / 62.0)
        hang *= np.exp(-(((x - MIDDLE) / (118.0 * face.jaw)) ** 4))
        self._jaw = np.dstack([still, hang.astype(np.float32) * JAW_UNITS])
        self._places = (grid(size_px, size_px) + 0.5) * (canvas_px / size_px) - 0.5

    def shift(self, pose: Pose) -> np.ndarray:
        """Where each cell moves by, in units: float32 (cells, cells, 2)."""
        moved = self._turn * float(np.sin(TURN_RAD * pose.turn))
        moved += self._nod * float(np.sin(NOD_RAD * pose.nod))
        moved += self._tilt * pose.tilt_deg
        moved += self._sway * pose.sway
        moved += self._breath * pose.breath
        moved += self._jaw * pose.jaw
        return np.asarray(moved, np.float32)

    def draw(self, canvas: np.ndarray, pose: Pose) -> np.ndarray:
        """The canvas (uint8 BGRA) in a posture: uint8 (size, size, 4) BGRA."""
        size = (self.size_px, self.size_px)
        fine = cv2.resize(self.shift(pose) * self._unit_px, size, interpolation=cv2.INTER_LINEAR)
        np.subtract(self._places, fine, out=fine)
        edge = cv2.BORDER_REPLICATE
        return cv2.remap(canvas, fine, None, cv2.INTER_LINEAR, borderMode=edge)  # type: ignore[call-overload, no-any-return]


def _smoothstep(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0.0, 1.0).astype(np.float32)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
