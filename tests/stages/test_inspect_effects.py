"""Effects of a finished master: heard in the mix, seen in the picture, and compared."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from schemas.campaign import DEFAULT_GATES
from stages.inspect.effects import effect_metrics
from stages.inspect.footage import Footage
from stages.inspect.gates import METRICS
from stages.shared.effects import RATE_HZ, accent_s, heard_at, onset_s
from stages.shared.ffmpeg import decode_audio

AUDIO = Path(__file__).parents[2] / "examples" / "demo" / "audio"
FPS, CUT_S = 24.0, 3.0
CAPTION = {"x0": 0.1, "y0": 0.7, "x1": 0.9, "y1": 0.8}


@pytest.fixture(scope="module")
def whoosh() -> np.ndarray:
    """The demo's, (samples, 2)."""
    return decode_audio(AUDIO / "sfx_whoosh.ogg", RATE_HZ, channels=2)


@pytest.fixture(scope="module")
def footage() -> Footage:
    """Six seconds: a crossfade from `CUT_S` on, and a caption that changes shortly before it."""
    dice = np.random.default_rng(1)
    a, b = (
        cv2.resize(dice.integers(60, 200, (16, 9), np.uint8), (270, 480)).astype(np.float32)
        for _ in range(2)
    )
    luma = []
    for number in range(144):
        share = float(np.clip((number - CUT_S * FPS + 1) / 10, 0, 1))
        frame = (a * (1 - share) + b * share).astype(np.uint8)
        if number > CUT_S * FPS - 5:
            cv2.putText(frame, "slow mornings", (30, 360), 0, 1.0, 255, 3)
        luma.append(frame)
    grey = np.array(luma)
    return Footage(FPS, grey, None, {}, grey[:1])


def mixed(whoosh: np.ndarray, onset_at_s: float) -> np.ndarray:
    """Music with the whoosh's onset at a time, mono."""
    music = decode_audio(AUDIO / "bed_upbeat.ogg", RATE_HZ)[: 6 * RATE_HZ].copy()
    effect = whoosh.mean(axis=1)
    first = round((onset_at_s - onset_s(whoosh)) * RATE_HZ)
    music *= 0.1 / np.sqrt(np.mean(music**2))
    music[first : first + len(effect)] += 0.5 * effect / np.abs(effect).max()
    return music


@pytest.mark.parametrize("late_ms", [-400.0, -90.0, 0.0, 60.0, 300.0])
def test_a_displaced_effect_is_measured(
    footage: Footage, whoosh: np.ndarray, late_ms: float
) -> None:
    """Would catch a whoosh that comes beside its cut: by the mixer, the encoder, or a slip."""
    accent = accent_s(whoosh)
    event = {
        "name": "whoosh", "time_s": CUT_S - accent, "accent_s": accent, "event_s": CUT_S,
    }  # fmt: skip
    mix = mixed(whoosh, CUT_S - accent + late_ms / 1000)
    found = effect_metrics(footage, mix, [event], {"whoosh": whoosh}, [CAPTION])
    assert found["effects_measured"] == 1
    assert found["effect_offset_ms"] == pytest.approx(late_ms, abs=10)


def test_a_caption_is_no_event(footage: Footage, whoosh: np.ndarray) -> None:
    """Would catch an effect judged by the words that change over the picture."""
    event = {"name": "whoosh", "time_s": CUT_S, "accent_s": 0.0, "event_s": CUT_S}
    mix = mixed(whoosh, CUT_S)
    seen = effect_metrics(footage, mix, [event], {"whoosh": whoosh}, [CAPTION])
    assert seen["effect_offset_ms"] == pytest.approx(0, abs=10)
    still = Footage(FPS, footage.luma[:60], None, {}, footage.marks)
    early = {**event, "time_s": 1.0, "event_s": 1.0}
    nothing = effect_metrics(still, mixed(whoosh, 1.0), [early], {"whoosh": whoosh}, [CAPTION])
    assert nothing == {"effects_measured": 0.0}


def test_an_effect_that_is_not_there_is_not_heard(whoosh: np.ndarray) -> None:
    """Would catch music taken for a whoosh."""
    music = decode_audio(AUDIO / "bed_upbeat.ogg", RATE_HZ)[: 6 * RATE_HZ]
    heard = heard_at(music, whoosh, 3.0, 0.5)
    assert heard is not None and heard.height < 2.0
    assert heard_at(np.zeros(6 * RATE_HZ, np.float32), whoosh, 3.0, 0.5) is None
    there = heard_at(mixed(whoosh, 3.2), whoosh, 3.0, 0.5)
    assert there is not None and there.time_s == pytest.approx(3.2, abs=0.003)


def test_no_effects_no_metric(footage: Footage) -> None:
    """Would catch a spot without effects that fails a gate on them."""
    mix = np.zeros(RATE_HZ, np.float32)
    assert effect_metrics(footage, mix, None, {}, []) == {}
    silent = {"name": "pop", "time_s": 1.0, "accent_s": 0.0, "event_s": 1.0}
    assert effect_metrics(footage, mix, [silent], {}, []) == {}
    assert "effect_offset_ms" in METRICS and "effect_offset_ms" in DEFAULT_GATES
