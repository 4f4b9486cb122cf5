"""Draws a head and shoulders as the stick figures that Wan-Animate was trained on.

Which points are joined, in which colours and how thick is the convention of its own preprocessing
(Wan-Video/Wan2.2, `wan/modules/animate/preprocess`, of the family of OpenPose): limbs are ellipses
in six tenths of their colour, points are discs, on black.
"""

from __future__ import annotations

import cv2
import numpy as np

from stages.avatar.motion import Motion
from stages.avatar.process.checks import FaceBox
from stages.avatar.vector.posture import (
    NOD_MAX,
    NOD_RAD,
    RIG_PX,
    TILT_MAX_DEG,
    TURN_MAX,
    TURN_RAD,
)

_POINTS = {
    # name: x, y, depth in widths of the face from its middle; and its colour (RGB)
    "nose": (0.0, 0.01, 0.60, (255, 0, 0)),
    "neck": (0.0, 1.0, 0.0, (255, 85, 0)),
    "right_shoulder": (-1.02, 1.04, 0.0, (255, 170, 0)),
    "left_shoulder": (1.02, 1.04, 0.0, (85, 255, 0)),
    "right_eye": (-0.21, -0.27, 0.42, (170, 0, 255)),
    "left_eye": (0.21, -0.27, 0.42, (255, 0, 255)),
    "right_ear": (-0.46, -0.17, -0.05, (255, 0, 170)),
    "left_ear": (0.46, -0.17, -0.05, (255, 0, 85)),
}
"""The subject's right is the picture's left. Places were measured on the demo's rendered presenter
and the drawn hosts, against the box of dlib's detector."""
_LIMBS = (
    ("neck", "right_shoulder", (255, 0, 0)),
    ("neck", "left_shoulder", (255, 85, 0)),
    ("neck", "nose", (0, 0, 255)),
    ("nose", "right_eye", (85, 0, 255)),
    ("right_eye", "right_ear", (170, 0, 255)),
    ("nose", "left_eye", (255, 0, 255)),
    ("left_eye", "left_ear", (255, 0, 170)),
)
_LIMB_LIGHT = 0.6
_SHOULDERS = ("neck", "right_shoulder", "left_shoulder")
_NECK_Y = 0.62
"""Where the head pivots, in widths of the face below its middle."""
_DRIVER_FACE = 0.36
"""Width of a driver's face, of its picture: sway and breath are scaled to the portrait's by it."""


def skeletons(motion: Motion, face: FaceBox, side_px: int) -> list[np.ndarray]:
    """One picture per frame of the motion: uint8 (side, side, 3) RGB, as tall and wide as the
    portrait whose face is at `face` (px)."""
    return [_drawn(points, side_px) for points in joints(motion, face)]


def joints(motion: Motion, face: FaceBox) -> list[dict[str, tuple[float, float]]]:
    """Where each point of the figure is in each frame, px."""
    x0, y0, x1, y1 = face
    unit, middle = x1 - x0, ((x0 + x1) / 2, (y0 + y1) / 2)
    return [
        {name: (middle[0] + unit * x, middle[1] + unit * y) for name, (x, y) in posture.items()}
        for posture in (_posture(motion, frame) for frame in range(len(motion.turn)))
    ]


def _posture(motion: Motion, frame: int) -> dict[str, tuple[float, float]]:
    """Places in widths of the face from the middle of the still one."""
    yaw = TURN_RAD * float(np.clip(motion.turn[frame], -TURN_MAX, TURN_MAX))
    pitch = NOD_RAD * float(np.clip(motion.nod[frame], -NOD_MAX, NOD_MAX))
    roll = np.deg2rad(float(np.clip(motion.tilt_deg[frame], -TILT_MAX_DEG, TILT_MAX_DEG)))
    sway, breath = (
        float(path[frame]) / (RIG_PX * _DRIVER_FACE) for path in (motion.sway_px, motion.breath_px)
    )
    places = {}
    for name, (x, y, depth, _) in _POINTS.items():
        if name not in _SHOULDERS:
            x, depth = x * np.cos(yaw) + depth * np.sin(yaw), depth * np.cos(yaw) - x * np.sin(yaw)
            y = y * np.cos(pitch) + depth * np.sin(pitch)
            over = y - _NECK_Y
            x, y = (
                x * np.cos(roll) - over * np.sin(roll),
                _NECK_Y + x * np.sin(roll) + over * np.cos(roll),
            )
        places[name] = (float(x + sway), float(y - breath))
    return places


def _drawn(points: dict[str, tuple[float, float]], side_px: int) -> np.ndarray:
    picture = np.zeros((side_px, side_px, 3), np.uint8)
    half = max(side_px // 200 - 1, 1)
    for one, other, colour in _LIMBS:
        (ax, ay), (bx, by) = points[one], points[other]
        axes = (max(1, round(np.hypot(bx - ax, by - ay) / 2)), half)
        angle = float(np.rad2deg(np.arctan2(by - ay, bx - ax)))
        middle = (round((ax + bx) / 2), round((ay + by) / 2))
        tone = tuple(int(_LIMB_LIGHT * part) for part in colour)
        cv2.ellipse(picture, middle, axes, angle, 0, 360, tone, -1)
    for name, (*_, colour) in _POINTS.items():
        x, y = points[name]
        cv2.circle(picture, (round(x), round(y)), half, colour, -1)
    return picture
