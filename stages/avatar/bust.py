"""Moves a bust as one sheet: turn, nod, tilt, sway and breath over a lower edge that stays put."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from stages.avatar.morph import dense_flow, grid, pull
from stages.avatar.motion import Motion
from stages.avatar.rig import Rig

_COARSE = 4
"""Displacements are added up on a grid this many times coarser than the canvas; they are smooth."""
TURN_MAX, NOD_MAX, TILT_MAX_DEG = 0.34, 0.45, 1.8
"""Reach of the head, as fractions of the rig's poses and in degrees. Up to a third of a pose one
warped picture is indistinguishable from a render; at a whole one hair begins to tear."""
_BANDS, _MARGIN = 10, 0.03
"""Only bands of rows around the bust are warped; it moves by less than this part of its width."""


class Bust:
    """Draws a rig's canvas in any posture at any size, in one resampling.

    Turn and nod follow dense flow from the base to the rig's poses, so the face turns in depth
    (the nose more than the ears, the hair hanging back); a rig without poses shifts its head.
    """

    def __init__(self, rig: Rig, size_px: int):
        """`size_px` is the width and height of what `draw` returns."""
        self.size_px, self.canvas_px = size_px, rig.base.shape[0]
        coarse = -(-self.canvas_px // _COARSE)
        self._scale = self.canvas_px / size_px
        self._places = (grid(size_px, size_px) + 0.5) * self._scale - 0.5
        shrink = (coarse, coarse)
        self._left, self._right, self._nod = (
            cv2.resize(self._toward(rig, name), shrink, interpolation=cv2.INTER_AREA)
            for name in ("left", "right", "nod")
        )
        self._coarse = (grid(coarse, coarse) + 0.5) * (self.canvas_px / coarse) - 0.5
        x, y = self._coarse[..., 0], self._coarse[..., 1]
        neck_y = float(rig.mouth.box_px[3])
        span = 0.12 * self.canvas_px
        head = _smoothstep((neck_y + span - y) / (2 * span))
        pivot = (self.canvas_px / 2, neck_y)
        self._tilt = np.dstack([-(y - pivot[1]) * head, (x - pivot[0]) * head]) * (np.pi / 180)
        self._ground, self._bands = self._still_ground(rig.base)
        # 0 on the lower edge, which stays put while all above it sways and breathes
        self._rise = _smoothstep((self.canvas_px - 1 - y) / (0.35 * self.canvas_px))

    def draw(self, canvas: np.ndarray, motion: Motion, frame: int) -> np.ndarray:
        """The canvas (uint8 BGRA) in the posture of that frame: uint8 (size, size, 4) BGRA."""
        shift = self._shift(motion, frame)
        fine = cv2.resize(shift, (self.size_px, self.size_px), interpolation=cv2.INTER_LINEAR)
        picture = self._ground.copy()
        for rows, columns in self._bands:
            places = self._places[rows, columns] - fine[rows, columns]
            picture[rows, columns] = pull(canvas, places)
        return picture

    def _still_ground(self, base: np.ndarray) -> tuple[np.ndarray, list[tuple[slice, slice]]]:
        """What no posture reaches, and the bands (rows, columns) of the picture that one may."""
        size = (self.size_px, self.size_px)
        ground = cv2.resize(base, size, interpolation=cv2.INTER_LINEAR)
        ground[..., 3] = 0
        reach = 2 * round(_MARGIN * self.size_px) + 1
        opaque = cv2.resize(base[..., 3], size, interpolation=cv2.INTER_AREA)
        touched = cv2.dilate(opaque, np.ones((reach, reach), np.uint8)) > 0
        edges = np.linspace(0, self.size_px, _BANDS + 1).round().astype(int)
        bands = []
        for top, bottom in pairwise(edges):
            columns = np.flatnonzero(touched[top:bottom].any(axis=0))
            if len(columns):
                span = slice(int(columns[0]), int(columns[-1]) + 1)
                bands.append((slice(int(top), int(bottom)), span))
        return ground, bands

    def reach(
        self, box_px: tuple[int, int, int, int], motion: Motion
    ) -> tuple[float, float, float, float]:
        """The box around all places that a box of the canvas moves to, in px of the canvas."""
        x0, y0, x1, y1 = (v // _COARSE for v in box_px)
        shifts = [
            self._shift(motion, i)[y0 : y1 + 1, x0 : x1 + 1].reshape(-1, 2)
            for i in range(len(motion.turn))
        ]
        low = np.min([s.min(axis=0) for s in shifts], axis=0)
        high = np.max([s.max(axis=0) for s in shifts], axis=0)
        return (
            float(box_px[0] + low[0]),
            float(box_px[1] + low[1]),
            float(box_px[2] + high[0]),
            float(box_px[3] + high[1]),
        )

    def _shift(self, motion: Motion, frame: int) -> np.ndarray:
        """Where each place of the coarse grid moves by, in px of the canvas: float32 (c, c, 2)."""
        turn = float(np.clip(motion.turn[frame], -TURN_MAX, TURN_MAX))
        nod = float(np.clip(motion.nod[frame], -NOD_MAX, NOD_MAX))
        tilt = float(np.clip(motion.tilt_deg[frame], -TILT_MAX_DEG, TILT_MAX_DEG))
        shift = (self._left if turn > 0 else self._right) * abs(turn)
        shift += self._nod * nod
        shift += self._tilt * tilt
        shift[..., 0] += self._rise * float(motion.sway_px[frame])
        shift[..., 1] -= self._rise * float(motion.breath_px[frame])
        return np.asarray(shift, np.float32)

    def _toward(self, rig: Rig, pose: str) -> np.ndarray:
        """Displacement of the base's pixels in a pose, smooth, float32 (canvas, canvas, 2)."""
        if pose in rig.poses:
            flow = dense_flow(_on_gray(rig.base), _on_gray(rig.poses[pose]), finest_scale=1)
            opaque = rig.base[..., 3].astype(np.float32) / 255.0
        else:
            flow = np.zeros((*rig.base.shape[:2], 2), np.float32)
            y = np.arange(self.canvas_px)[:, None]
            head = _smoothstep((rig.mouth.box_px[3] + 60.0 - y) / 120.0)[:, 0]
            amount = 0.04 * self.canvas_px * head[:, None]
            flow[..., 1 if pose == "nod" else 0] = -amount if pose == "right" else amount
            opaque = np.ones(rig.base.shape[:2], np.float32)
        sigma_px = self.canvas_px / 80
        weight = cv2.GaussianBlur(opaque, (0, 0), sigma_px) + 1e-3
        smooth = cv2.GaussianBlur(flow * opaque[..., None], (0, 0), sigma_px) / weight[..., None]
        edge = (self.canvas_px - 1 - np.arange(self.canvas_px)) / (0.2 * self.canvas_px)
        return np.asarray(smooth * _smoothstep(edge)[:, None, None], np.float32)


def _on_gray(picture: np.ndarray) -> np.ndarray:
    alpha = picture[..., 3:].astype(np.float32) / 255.0
    return np.rint(picture[..., :3] * alpha + 128.0 * (1.0 - alpha)).astype(np.uint8)


def _smoothstep(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0.0, 1.0).astype(np.float32)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
