"""Faults of moving pictures: black, frozen, flickering, flashing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from stages.shared.picture import LUMA_709

BLACK_LUMA = 20
"""A frame of which 98 % is darker (0 to 255) counts as black."""
UNCHANGED = 1.5
"""Mean difference of an 8 x 8 block, in 8-bit steps, up to which a frame repeats the last one."""
FLASH = 0.10
"""Change of relative luminance that counts as half a flash, from WCAG 2.2, "general flash"."""
FLASH_AREA = 0.25
"""Part of the picture that must change together (ITU-R BT.1702-3)."""
RED_SHARE = 0.8
"""Of all light, from which on a red is saturated, from WCAG 2.2, "red flash"."""
RED_FLASH = 20 / 320
"""Change of R - G - B, linear, that counts as half a red flash, from the same."""


def black_frames(luma: np.ndarray) -> int:
    """Number of black frames among (n, height, width)."""
    return int(np.count_nonzero((luma < BLACK_LUMA).mean(axis=(1, 2)) > 0.98))


def frozen_s(luma: np.ndarray, fps: float) -> float:
    """Length of the longest run of frames in which nothing moves, in seconds."""
    longest = run = 0
    for before, after in itertools.pairwise(luma):
        change = cv2.absdiff(before, after)
        blocks = cv2.resize(change, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
        run = run + 1 if float(blocks.max()) <= UNCHANGED else 0
        longest = max(longest, run)
    return longest / fps


def warp_error(
    luma: np.ndarray, fps: float, cuts_s: Sequence[tuple[float, float]], *, every: int = 2
) -> float:
    """Flicker: what of one frame the motion to the next does not explain, in 8-bit steps.

    One pair of frames out of `every` at half their size (135 x 240 of a vertical spot): the later
    one is warped back along its optical flow and compared; mean absolute difference where the flow
    holds in both directions to a pixel, and of these the 95th percentile over pairs. After Lai et
    al., "Learning blind video temporal
    consistency" (ECCV 2018), with absolute for squared differences. Spans in `cuts_s` (cuts and
    crossfades) are left out.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    errors = []
    for index in range(0, len(luma) - 1, every):
        times = index / fps, (index + 1) / fps
        if any(times[1] >= start - 1e-6 and times[0] <= end + 1e-6 for start, end in cuts_s):
            continue
        before, after = (_half(luma[i]) for i in (index, index + 1))
        forward = flow.calc(before, after, None)  # type: ignore[call-overload]
        backward = flow.calc(after, before, None)  # type: ignore[call-overload]
        there = _grid(before.shape) + forward
        returned = _at(backward, there)
        holds = np.linalg.norm(forward + returned, axis=2) < 1.0
        warped = _at(after, there)
        if holds.mean() > 0.2:
            errors.append(float(cv2.absdiff(before, warped)[holds].mean()))
    return float(np.percentile(errors, 95)) if errors else 0.0


def flashes_per_s(frames: np.ndarray, fps: float) -> tuple[float, float]:
    """(most flashes in any one second, most red flashes) of uint8 RGB (n, height, width, 3).

    A flash is a pair of opposing changes of luminance over a quarter of the picture, the darker end
    below 0.8; a red flash the same of R - G - B to or from a saturated red, which is as dangerous
    at equal luminance (80 % or more of the light is red, and 20 / 320 change). More than three of
    either a second are a danger to viewers with photosensitive epilepsy (WCAG 2.2, 2.3.1; ITU-R
    BT.1702-3, annex 1).
    """
    light = _blocks(frames)
    bright = _turns(
        light @ np.array(LUMA_709), FLASH, lambda before, now: np.minimum(before, now) < 0.8
    )
    red, green, blue = np.moveaxis(light, -1, 0)
    saturated = red >= RED_SHARE * np.maximum(red + green + blue, 1e-6)
    # What is not saturated counts as no red, so that a change has a saturated end.
    excess = np.where(saturated, np.maximum(red - green - blue, 0.0), 0.0)
    return _most_per_s(bright, fps), _most_per_s(_turns(excess, RED_FLASH), fps)


def _blocks(frames: np.ndarray) -> np.ndarray:
    """Light in 9 x 16 blocks (or 16 x 9), linear, 0 to 1: (n, 144, 3)."""
    grid = (9, 16) if frames.shape[1] >= frames.shape[2] else (16, 9)
    small = np.stack([cv2.resize(frame, grid, interpolation=cv2.INTER_AREA) for frame in frames])
    coded = small.reshape(len(frames), -1, 3) / 255.0
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def _turns(
    light: np.ndarray, step: float,
    counts: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda before, now: before == before,
) -> list[tuple[int, int]]:  # fmt: skip
    """(frame, direction) of each change by `step` or more of `light` (n, blocks) that a quarter of
    the blocks make together, against the last change; `counts` says of which levels."""
    extreme, direction = light[0].copy(), np.zeros(light.shape[1], int)
    turns: list[tuple[int, int]] = []
    for index, now in enumerate(light[1:], 1):
        sign_of = np.where(now - extreme >= step, 1, np.where(extreme - now >= step, -1, 0))
        turned = (sign_of != 0) & (sign_of != direction) & counts(extreme, now)
        for sign in (1, -1):
            if (turned & (sign_of == sign)).mean() >= FLASH_AREA:
                turns.append((index, sign))
        direction = np.where(sign_of != 0, sign_of, direction)
        onward = (sign_of != 0) | ((now - extreme) * direction > 0)
        extreme = np.where(onward, now, extreme)
    return turns


def _most_per_s(turns: Sequence[tuple[int, int]], fps: float) -> float:
    most = 0
    for first, (start, _) in enumerate(turns):
        window = [sign for frame, sign in turns[first:] if frame - start < fps]
        changes = sum(a != b for a, b in itertools.pairwise(window)) + 1
        most = max(most, changes // 2)
    return float(most)


def _half(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def _at(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The picture's values at (h, w, 2) places."""
    x, y = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR))


def _grid(shape: tuple[int, ...]) -> np.ndarray:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    return np.dstack([x, y]).astype(np.float32)
