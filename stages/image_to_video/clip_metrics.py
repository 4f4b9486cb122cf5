"""Quality of a generated clip, measured without any weights.

All on luma (BT.601's, as OpenCV has it) at 180 pixels of width. Flow is dense inverse search
(Kroeger et al., Fast Optical Flow using Dense Inverse Search, 2016), OpenCV's "fast" preset.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from schemas.layout import Box
from stages.image_to_video.engine import ClipRequest
from stages.image_to_video.first_frame import first_frame
from stages.shared.ffmpeg import decode_frames

WIDTH_PX = 180
STRIDE = 5
"""Frames between two pictures of the product that are compared: an odd number, or a flicker of
every other frame would not be seen."""
LEAST_BRIGHTNESS_CHANGE = 0.2
"""8-bit steps, rms, below which brightness does not change at all."""
CONSISTENT_PX = 1.0
"""Largest way that is left after going with the flow and back; beyond, something is hidden."""


@dataclass(frozen=True)
class _Motion:
    """Flow between neighbours, and what is seen in both."""

    forward: np.ndarray  # (height, width, 2) px: from a frame to the next
    seen: np.ndarray  # (height, width) bool: also in the next


def clip_frames(path: Path, request: ClipRequest) -> np.ndarray:
    """A finished clip's frames as they are looked at: RGB uint8 (count, height, 180, 3)."""
    height = round(WIDTH_PX * request.format.height_px / request.format.width_px / 2) * 2
    return np.stack(list(decode_frames(path, WIDTH_PX, height)))


def measure_clip(frames: np.ndarray, request: ClipRequest, box: Box) -> dict[str, float]:
    """Metrics of `clip_gates.METRICS` that begin with "clip_", by `clip_frames`. `box` is the
    product's place, in fractions of the frame.
    """
    return measure_frames(frames, box, first_frame(request, WIDTH_PX, frames.shape[1]))


def measure_frames(frames: np.ndarray, box: Box, picture: np.ndarray) -> dict[str, float]:
    """The same of RGB uint8 frames (count, height, width, 3); `picture` of their shape is what the
    clip should begin with.
    """
    luma = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
    motion = [_motion(one, other) for one, other in itertools.pairwise(luma)]
    rows, columns = _slices(box, luma.shape[1:])
    return {
        "clip_warp_error": warp_error(luma, motion),
        "clip_hf_ratio": hf_ratio(luma),
        "clip_flicker": temporal_flickering(luma),
        "clip_smoothness": motion_smoothness(luma),
        "clip_product_ssim": product_ssim(luma, motion, rows, columns),
        "clip_product_colours": product_colours(frames[:, rows, columns], picture[rows, columns]),
        "clip_jitter": jitter(motion, rows, columns),
    }


def worst_of(clips: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of each metric the worst value over clips: the highest of errors, the least of likenesses."""
    errors = ("clip_warp_error", "clip_hf_ratio", "clip_jitter")
    names = clips[0] if clips else {}
    return {name: (max if name in errors else min)(clip[name] for clip in clips) for name in names}


def warp_error(luma: np.ndarray, motion: Sequence[_Motion]) -> float:
    """Mean over neighbours of the difference, in 8-bit steps, between a frame and the next one
    brought back by the flow, where forward and backward flow agree (Lai et al., Learning Blind
    Video Temporal Consistency, 2018, with another flow).
    """
    errors = []
    for one, other, move in zip(luma[:-1], luma[1:], motion, strict=True):
        back = _warped(other, move.forward)
        if move.seen.any():
            errors.append(np.abs(back - one.astype(np.float32))[move.seen].mean())
    return float(np.mean(errors)) if errors else 0.0


def hf_ratio(luma: np.ndarray) -> float:
    """Share, 0 to 1, of the power of the frames' mean brightness, its mean and linear trend taken
    away, that lies above half of the highest frequency. 0 where brightness does not change.
    """
    brightness = luma.reshape(len(luma), -1).mean(axis=1)
    if len(brightness) < 8:
        return 0.0
    at = np.arange(len(brightness))
    rest = brightness - np.polyval(np.polyfit(at, brightness, 1), at)
    if np.sqrt((rest**2).mean()) < LEAST_BRIGHTNESS_CHANGE:
        return 0.0
    power = np.abs(np.fft.rfft(rest)) ** 2
    return float(power[len(power) // 2 :].sum() / power[1:].sum())


def temporal_flickering(luma: np.ndarray) -> float:
    """VBench's: (255 - mean absolute difference of neighbours) / 255 (Huang et al., 2024). It is
    meant for still scenes: a camera move lowers it.
    """
    steps = np.abs(np.diff(luma.astype(np.float32), axis=0)).mean() if len(luma) > 1 else 0.0
    return float((255 - steps) / 255)


def motion_smoothness(luma: np.ndarray) -> float:
    """VBench's: (255 - mean absolute difference between odd frames and what is interpolated from
    the even ones) / 255; by half of the flow where VBench has a network.
    """
    errors = []
    for before, between, after in zip(luma[:-2:2], luma[1:-1:2], luma[2::2], strict=False):
        flow = _flow(before, after)
        middle = (_warped(before, -flow / 2) + _warped(after, flow / 2)) / 2
        errors.append(np.abs(middle - between).mean())
    return float((255 - np.mean(errors)) / 255) if errors else 1.0


def product_ssim(luma: np.ndarray, motion: Sequence[_Motion], rows: slice, columns: slice) -> float:
    """Least structural similarity (Wang et al., 2004, 7 x 7 windows), 0 to 1, of the product with
    itself `STRIDE` frames later, brought back by the flow.
    """
    least = 1.0
    for start in range(0, len(luma) - STRIDE, STRIDE):
        flow = _flow(luma[start], luma[start + STRIDE])
        back = _warped(luma[start + STRIDE], flow)
        value = _ssim(luma[start].astype(np.float32)[rows, columns], back[rows, columns])
        least = min(least, value)
    return float(max(0.0, least))


def product_colours(product: np.ndarray, wanted: np.ndarray) -> float:
    """Least likeness, 0 to 1, of the product's colours to those it has in the studio set:
    Bhattacharyya's coefficient of the 16 x 16 histograms of Lab's a and b. `product` is RGB uint8
    (n, h, w, 3), `wanted` of it (h, w, 3).
    """

    def histogram(picture: np.ndarray) -> np.ndarray:
        lab = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB)
        counts = cv2.calcHist([lab], [1, 2], None, [16, 16], [0, 256, 0, 256])
        return np.asarray(counts / max(1.0, float(counts.sum())))

    first = histogram(wanted)
    return float(min(np.sqrt(first * histogram(one)).sum() for one in product[::STRIDE]))


def jitter(motion: Sequence[_Motion], rows: slice, columns: slice) -> float:
    """Rms of the acceleration of the product's box, in thousandths of the frame's width per
    frame squared: how its median flow changes from one pair of frames to the next.
    """
    if len(motion) < 2:
        return 0.0
    steps = [np.median(m.forward[rows, columns].reshape(-1, 2), axis=0) for m in motion]
    change = np.diff(np.array(steps), axis=0)
    return float(np.sqrt((change**2).sum(axis=1).mean()) / WIDTH_PX * 1000)


def _motion(one: np.ndarray, other: np.ndarray) -> _Motion:
    forward, backward = _flow(one, other), _flow(other, one)
    returned = forward + np.dstack([_warped(backward[..., n], forward) for n in (0, 1)])
    return _Motion(forward, np.linalg.norm(returned, axis=2) < CONSISTENT_PX)


def _flow(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return np.asarray(method.calc(one, other, None))  # type: ignore[call-overload]


def _warped(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The picture as seen from where the flow comes from, float32."""
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(
        picture.astype(np.float32), x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip


def _ssim(a: np.ndarray, b: np.ndarray) -> float:
    def mean(picture: np.ndarray) -> np.ndarray:
        return cv2.blur(picture, (7, 7))

    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = mean(a), mean(b)
    spread_a, spread_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    common = mean(a * b) - mean_a * mean_b
    value = (2 * mean_a * mean_b + first) * (2 * common + second)
    value /= (mean_a**2 + mean_b**2 + first) * (spread_a + spread_b + second)
    return float(value.mean())


def _slices(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    height, width = shape
    rows = slice(int(box.y0 * height), max(int(box.y0 * height) + 8, int(box.y1 * height)))
    columns = slice(int(box.x0 * width), max(int(box.x0 * width) + 8, int(box.x1 * width)))
    return rows, columns
