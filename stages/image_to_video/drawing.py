"""Brushes for the studio set: float32 pictures in L*a*b*, masks from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.shared.picture import lab_to_rgb, rgb_to_ycc

Lab = tuple[float, float, float]
Planes = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Stand:
    """Where the product stands: its foot's centre and its size, in pixels of the picture."""

    x_px: float
    y_px: float
    width_px: float
    height_px: float


def canvas(frame: tuple[int, int]) -> tuple[int, int]:
    """The frame's width and height up to multiples of 8: halves and quarters of it are drawn. What
    it has more, on the right and below, is not shown. Raises `ValueError` for odd sizes."""
    if frame[0] % 2 or frame[1] % 2:
        raise ValueError(f"a frame of {frame[0]}x{frame[1]}: both must be even")
    return -(-frame[0] // 8) * 8, -(-frame[1] // 8) * 8


def grid(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the pixels' centres, for a size of (height, width)."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    return x + 0.5, y + 0.5


def smooth(values: np.ndarray) -> np.ndarray:
    """Smoothstep: 0 below 0, 1 above 1, soft between."""
    clipped = np.clip(values, 0, 1)
    return clipped * clipped * (3 - 2 * clipped)


def tint(picture: np.ndarray, mask: np.ndarray, colour: Lab | np.ndarray) -> None:
    """Mix a colour into a Lab picture where the mask (0 to 1) says so."""
    picture += mask[..., None] * (np.asarray(colour, np.float32) - picture)


def rounded(
    x: np.ndarray, y: np.ndarray, half_x: float, half_y: float, radius: float
) -> np.ndarray:
    """Signed distance, positive inside, to a rounded rectangle about the origin."""
    over_x, over_y = np.abs(x) - half_x + radius, np.abs(y) - half_y + radius
    outside = np.hypot(np.maximum(over_x, 0), np.maximum(over_y, 0))
    return radius - outside - np.minimum(np.maximum(over_x, over_y), 0)


def planes(lab: np.ndarray) -> Planes:
    """Y', and Cb and Cr about 0: a rounding of alpha then can't tint an edge."""
    ycc = rgb_to_ycc(lab_to_rgb(lab))
    y, cb, cr = (np.ascontiguousarray(ycc[..., i]) for i in range(3))
    return y, cb - 128, cr - 128


def halved(plane: np.ndarray) -> np.ndarray:
    """The plane at half its size, averaged."""
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)


def dither(frame: tuple[int, int], seed: int) -> np.ndarray:
    """Noise of about one level to add before rounding, for a frame of (width, height), float32.

    Triangular and without its low frequencies: what is left is fine grain that the eye averages
    away.
    """
    width, height = frame
    tile = np.random.default_rng([seed & 0xFFFFFFFF, 5]).random((2, 256, 256), np.float32)
    noise = tile[0] - tile[1]
    noise = noise - 0.9 * cv2.GaussianBlur(noise, (0, 0), 1.2, borderType=cv2.BORDER_REFLECT)
    again = (height // 256 + 1, width // 256 + 1)
    return np.ascontiguousarray(np.tile(noise, again)[:height, :width], np.float32)
