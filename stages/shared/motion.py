"""Measures motion between frames: how steadily a picture moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

TREND_DEGREE = 5
"""Degree of the polynomial that stands for the intended motion of one window."""


def jitter_rms_px(frames: Sequence[np.ndarray], *, window_px: int = 256) -> float:
    """How far the motion of a clip strays from a smooth one: RMS in pixels, over both axes.

    `frames` are grey, uint8 or float, all of one shape of at least `window_px` on each side, and
    eight or more. In five windows (the middle and the corners) the shift from each frame to the
    next is found by phase correlation and refined to a hundredth of a pixel; what a smooth curve
    through these shifts leaves over is jitter. Windows without texture, where no shift can be
    measured, are left out; 0 if all are.
    """
    if len(frames) < TREND_DEGREE + 3:
        raise ValueError(f"{len(frames)} frames are too few to tell jitter from motion; give 8")
    height, width = frames[0].shape
    if min(height, width) < window_px:
        raise ValueError(f"frames of {width}x{height} are smaller than a window of {window_px} px")
    right, low = width - window_px, height - window_px
    corners = {(right // 2, low // 2), (0, 0), (right, 0), (0, low), (right, low)}
    strays = [
        _strays([np.asarray(f[y : y + window_px, x : x + window_px]) for f in frames])
        for x, y in sorted(corners)
    ]
    measured = [stray for stray in strays if stray is not None]
    return float(np.sqrt(np.mean(np.square(measured)))) if measured else 0.0


def _strays(windows: list[np.ndarray]) -> np.ndarray | None:
    """Shifts less their trend, shape (2, frames - 1), or None without texture."""
    if min(float(window.std()) for window in windows) < 2.0:
        return None
    taper = cv2.createHanningWindow(windows[0].shape[::-1], cv2.CV_32F)
    scaled = [window.astype(np.float32) - float(window.mean()) for window in windows]
    shifts = np.array([_shift(before, after, taper) for before, after in pairwise(scaled)]).T
    at = np.linspace(-1, 1, shifts.shape[1])
    trend = np.array([np.polyval(np.polyfit(at, axis, TREND_DEGREE), at) for axis in shifts])
    return shifts - trend


def _shift(before: np.ndarray, after: np.ndarray, taper: np.ndarray) -> np.ndarray:
    """Shift (x, y) in pixels from one window to the next.

    Phase correlation alone is off by up to 0.1 px between whole pixels; two steps of least
    squares on the gradient (Lucas and Kanade 1981) remove that.
    """
    shift = np.array(cv2.phaseCorrelate(before, after, taper)[0])
    height, width = before.shape
    inner = (slice(16, -16), slice(16, -16))
    slope_x = cv2.Sobel(before, cv2.CV_32F, 1, 0, scale=1 / 8)[inner].ravel()
    slope_y = cv2.Sobel(before, cv2.CV_32F, 0, 1, scale=1 / 8)[inner].ravel()
    slopes = np.stack([slope_x, slope_y], axis=1)
    for _ in range(2):
        back = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(after, back, (width, height), flags=flags)
        rest = (before - moved)[inner].ravel()
        shift = shift + np.linalg.lstsq(slopes, rest, rcond=None)[0]
    return shift
