"""Clip metrics: each sees the fault that it is named after, and lets a clean camera move pass."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from schemas.layout import Box
from stages.image_to_video.clip_gates import METRICS, check_clip_gates, judge_clips
from stages.image_to_video.clip_metrics import measure_frames, worst_of

BOX = Box(0.25, 0.3, 0.75, 0.75)
COUNT, HEIGHT, WIDTH = 40, 320, 180


def clip(
    *, gain: Callable[[int], float] = lambda n: 1.0, shake: float = 0.0, noise: float = 0.0,
    morph: float = 0.0, move: float = 1.0,
) -> np.ndarray:  # fmt: skip
    """A textured product that grows slowly on a soft backdrop, with faults on demand."""
    random = np.random.default_rng(4)
    texture = cv2.resize(random.integers(60, 200, (12, 10, 3)).astype(np.float32), (90, 140))
    other = cv2.resize(random.integers(0, 255, (12, 10, 3)).astype(np.float32), (90, 140))
    backdrop = np.linspace(150, 220, HEIGHT, dtype=np.float32)[:, None, None] * np.ones(
        (1, WIDTH, 3)
    )
    frames = []
    for n in range(COUNT):
        share = morph * n / (COUNT - 1)
        product = texture * (1 - share) + other * share
        scale = 0.85 + 0.004 * n * move
        dx, dy = random.normal(0, shake, 2) if shake else (0.0, 0.0)
        matrix = np.array([[scale, 0, 90 - 45 * scale + dx], [0, scale, 168 - 70 * scale + dy]])
        placed = cv2.warpAffine(product, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
        mask = cv2.warpAffine(np.ones(product.shape, np.float32), matrix, (WIDTH, HEIGHT))
        frame = backdrop * (1 - mask) + placed * mask
        frame = frame * gain(n) + (random.normal(0, noise, frame.shape) if noise else 0)
        frames.append(np.clip(frame + 0.5, 0, 255).astype(np.uint8))
    return np.stack(frames)


@pytest.fixture(scope="module")
def clean() -> dict[str, float]:
    """What a slow push-in measures."""
    return measure_frames(clip(), BOX, clip()[0])


def test_a_clean_move_is_clean(clean: dict[str, float]) -> None:
    """Would catch a metric that punishes the camera for moving."""
    assert clean["clip_warp_error"] < 1.0 and clean["clip_hf_ratio"] < 0.3
    assert clean["clip_smoothness"] > 0.995 and clean["clip_jitter"] < 0.6
    assert clean["clip_product_ssim"] > 0.9 and clean["clip_product_colours"] > 0.8


def test_flicker_is_seen(clean: dict[str, float]) -> None:
    """Would catch 2 % of brightness that alternates from frame to frame."""
    found = measure_frames(clip(gain=lambda n: 1.02 if n % 2 else 1.0), BOX, clip()[0])
    assert found["clip_warp_error"] > clean["clip_warp_error"] + 1.5
    assert found["clip_hf_ratio"] > 0.9 and found["clip_flicker"] < clean["clip_flicker"]


def test_noise_is_seen(clean: dict[str, float]) -> None:
    """Would catch grain that boils."""
    found = measure_frames(clip(noise=10.0), BOX, clip()[0])
    assert found["clip_warp_error"] > 3 * clean["clip_warp_error"]
    assert found["clip_smoothness"] < clean["clip_smoothness"]
    assert found["clip_product_ssim"] < clean["clip_product_ssim"] - 0.05


def test_a_product_that_turns_into_another_is_seen(clean: dict[str, float]) -> None:
    """Would catch the worst that a model does: a fine clip in which the mug becomes another mug."""
    found = measure_frames(clip(morph=1.0), BOX, clip()[0])
    assert found["clip_product_colours"] < clean["clip_product_colours"] - 0.1


def test_a_product_that_trembles_is_seen(clean: dict[str, float]) -> None:
    """Would catch jitter, which every other metric lets pass."""
    found = measure_frames(clip(shake=1.5), BOX, clip()[0])
    assert found["clip_jitter"] > 5 * clean["clip_jitter"] + 1


def test_a_clip_that_stands_still_is_whole() -> None:
    """Would catch a division by nothing."""
    still = measure_frames(np.repeat(clip()[:1], 12, axis=0), BOX, clip()[0])
    assert still["clip_warp_error"] == still["clip_hf_ratio"] == still["clip_jitter"] == 0.0
    assert still["clip_flicker"] == 1.0 and still["clip_product_ssim"] == pytest.approx(1.0)
    assert set(still) <= set(METRICS)


def test_of_several_clips_the_worst_counts() -> None:
    """Would catch one bad shot that is averaged away."""
    clips = [{"clip_jitter": 1.0, "clip_flicker": 0.9}, {"clip_jitter": 3.0, "clip_flicker": 0.99}]
    assert worst_of(clips) == {"clip_jitter": 3.0, "clip_flicker": 0.9}
    assert worst_of([]) == {}


def test_gates_on_clips() -> None:
    """Would catch a NaN that passes, and a gate on what nobody measures."""
    gates = (("clip_jitter", None, 2.0), ("clip_flicker", 0.9, 1.0))
    verdicts = judge_clips({"clip_jitter": float("nan")}, gates)
    assert [v.verdict for v in verdicts] == ["block", "pass"]
    assert verdicts[1].evidence == "clip_flicker does not apply"
    with pytest.raises(ValueError, match="no metric 'clip_shake' to gate on; there are clip_warp"):
        check_clip_gates([("clip_shake", None, 1.0)])
    with pytest.raises(ValueError, match="gate clip_jitter has no limit"):
        check_clip_gates([("clip_jitter", None, None)])
