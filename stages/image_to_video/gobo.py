"""Light on the wall that has come through a window, blinds or leaves."""

from __future__ import annotations

import cv2
import numpy as np

LIGHTS = ("window", "blinds", "leaves")


def gobo(kind: str, size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Light that falls on a wall of `size` (height, width), at half of that: float32, about -0.05
    to 0.05. `kind` is one of `LIGHTS`, or "none" for even light."""
    tall, wide = size[0] // 2, size[1] // 2
    pattern: np.ndarray = np.zeros((tall, wide), np.float32)
    if kind == "none":
        return pattern
    if kind == "window":
        for column in range(2):
            for row in range(3):
                at = (int(wide * (0.3 + 0.24 * column)), int(tall * (0.06 + 0.17 * row)))
                _pane(pattern, at, (int(wide * 0.21), int(tall * 0.15)))
    elif kind == "blinds":
        for row in range(9):
            at = (int(wide * 0.22), int(tall * (0.04 + 0.066 * row)))
            _pane(pattern, at, (int(wide * 0.68), int(tall * 0.038)))
    else:
        pattern += 1
        for stem in range(2):
            _frond(pattern, random, stem)
    lean = np.array([[1, -0.32, 0.16 * tall], [0.1, 1, -0.05 * wide]])
    pattern = cv2.warpAffine(pattern, lean, (wide, tall), borderMode=cv2.BORDER_REPLICATE)
    pattern = cv2.GaussianBlur(pattern, (0, 0), wide * (0.018 if kind != "leaves" else 0.022))
    return (pattern - pattern.mean()) * np.float32(0.085)


def _pane(pattern: np.ndarray, at: tuple[int, int], size: tuple[int, int]) -> None:
    cv2.rectangle(pattern, at, (at[0] + size[0], at[1] + size[1]), 1.0, -1)


def _frond(pattern: np.ndarray, random: np.random.Generator, stem: int) -> None:
    """The shade of a palm leaf that hangs in from an upper corner."""
    tall, wide = pattern.shape
    at = np.array([wide * (1.02 if stem == 0 else 0.85), tall * (0.02 + 0.22 * stem)])
    heading = np.deg2rad(random.uniform(128, 150) + 14 * stem)
    for index in range(15):
        heading += 0.02
        at = at + np.array([np.cos(heading), np.sin(heading)]) * wide * 0.042
        for side in (-1, 1):
            angle = heading + side * (0.95 - 0.02 * index)
            long = wide * 0.21 * (1 - abs(index - 6) / 13)
            tip = at + np.array([np.cos(angle), np.sin(angle)]) * long
            middle = (float(at[0] + tip[0]) / 2, float(at[1] + tip[1]) / 2)
            leaf = (middle, (float(long), wide * 0.032), float(np.rad2deg(angle)))
            cv2.ellipse(pattern, leaf, 0.0, -1)
