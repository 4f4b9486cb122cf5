"""The voice measured by itself: scores, pace, pauses, pitch, and what was cut off."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import pytest

from schemas.campaign import DEFAULT_GATES
from stages.inspect.gates import METRICS, judge
from stages.inspect.pitch import HOP_S, pitch_hz
from stages.inspect.speech_quality import RATE_HZ, WINDOW, QualityModel
from stages.inspect.voice_quality import clipped_ratio, longest_pause_s, voice_metrics
from stages.shared.sound import normalise_loudness, resample

SCRIPT = (
    "Slow mornings deserve a better mug. This one keeps your coffee hot for hours, and it fits"
    " your hands as if it were made for them. Halvenne, for people who like to take their time."
)


@pytest.fixture(scope="module")
def model() -> QualityModel:
    """The network, loaded once."""
    return QualityModel()


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    """The script by the embedded voice, 15 s at 16 kHz, as loud as the speech stage makes it."""
    from hibari import SAMPLE_RATE, Hibari

    spoken = resample(Hibari()(SCRIPT, seed=1), SAMPLE_RATE, RATE_HZ)
    placed = np.zeros(15 * RATE_HZ, np.float32)
    placed[4000 : 4000 + len(spoken)] = spoken[: len(placed) - 4000]
    return normalise_loudness(placed, RATE_HZ, -18.0, -2.0)


def _syllables(count: int, length_s: float, symbol: str = "AA") -> list[Mapping[str, object]]:
    step_s = length_s / (2 * count)
    symbols = ["T", symbol] * count
    return [
        {"symbol": s, "start_s": 1 + i * step_s, "end_s": 1 + (i + 1) * step_s}
        for i, s in enumerate(symbols)
    ]


def test_scores_fall_with_noise_and_with_clipping(model: QualityModel, voice: np.ndarray) -> None:
    """Would catch outputs in the wrong order, a wrong rate, and a calibration left out: noise
    costs background, clipping costs speech."""
    clean = model.scores(voice)
    assert clean["ovrl"] > 3.0 and clean["bak"] > 3.8 and clean["sig"] > 3.2
    noise = np.random.default_rng(1).standard_normal(len(voice)).astype(np.float32)
    noisy = model.scores(voice + 0.02 * noise)
    assert noisy["bak"] < clean["bak"] - 1.0 and noisy["ovrl"] < clean["ovrl"] - 0.7
    crushed = model.scores(np.clip(40 * voice, -0.5, 0.5))
    assert crushed["sig"] < clean["sig"] - 0.4


def test_few_windows_come_near_to_many(model: QualityModel, voice: np.ndarray) -> None:
    """Would catch windows that leave out a part of the spot, or one that is heard twice."""
    few, many = model.scores(voice), model.scores(voice, hop_s=1.0)
    assert all(abs(few[name] - many[name]) < 0.15 for name in few), (few, many)
    late = voice.copy()
    late[-4 * RATE_HZ :] += 0.05 * np.random.default_rng(1).standard_normal(4 * RATE_HZ)
    assert model.scores(late.astype(np.float32))["bak"] < few["bak"] - 0.3


def test_sound_that_is_shorter_or_longer_than_the_window(
    model: QualityModel, voice: np.ndarray
) -> None:
    """Would catch a crash, or an empty mean, for a spot of 3 or of 30 seconds."""
    short = model.scores(voice[: 3 * RATE_HZ])
    exact = model.scores(voice[:WINDOW])
    long = model.scores(np.tile(voice, 2))
    assert all(1.0 < scores["ovrl"] < 5.0 for scores in (short, exact, long))


def test_a_spot_costs_little(model: QualityModel, voice: np.ndarray) -> None:
    """Would catch windows at every second, of voice and mix: 5 CPU seconds more per spot."""
    began = time.process_time()
    voice_metrics(voice, _syllables(40, 11.0), model)
    model.scores(voice)
    assert time.process_time() - began < 4.0  # 1.6 on a quiet core


@pytest.mark.parametrize("hertz", [75.0, 118.3, 220.0, 395.0])
def test_pitch_of_known_tones(hertz: float) -> None:
    """Would catch octave errors and a lag that is off by one: a voice-like pulse with 12 partials
    over noise, of which the first may be weak."""
    times_s = np.arange(2 * RATE_HZ) / RATE_HZ
    partials = range(1, 13)
    tone = sum(np.sin(2 * np.pi * k * hertz * times_s + k) / k for k in partials if k * hertz < 7e3)
    tone = tone - 0.7 * np.sin(2 * np.pi * hertz * times_s + 1)  # as a small speaker gives it
    noise = np.random.default_rng(3).standard_normal(len(tone))
    found = pitch_hz((0.1 * tone + 0.002 * noise).astype(np.float32), RATE_HZ)
    assert len(found) == pytest.approx(2.0 / HOP_S, abs=6)
    assert np.mean(~np.isnan(found)) > 0.95
    assert np.nanmedian(found) == pytest.approx(hertz, rel=0.005)
    assert np.nanpercentile(np.abs(found / hertz - 1), 95) < 0.02


def test_a_glide_is_followed_and_noise_has_no_pitch() -> None:
    """Would catch a pitch that lags behind, and one that is found in breath."""
    times_s = np.arange(3 * RATE_HZ) / RATE_HZ
    truth = 110 * 2 ** (times_s / 3)
    phase = 2 * np.pi * np.cumsum(truth) / RATE_HZ
    found = pitch_hz((np.sin(phase) + 0.5 * np.sin(2 * phase)).astype(np.float32), RATE_HZ)
    middle = (np.arange(len(found)) * HOP_S + 0.02) * RATE_HZ
    assert np.nanmax(np.abs(12 * np.log2(found / truth[middle.astype(int)]))) < 0.5
    noise = np.random.default_rng(2).standard_normal(RATE_HZ).astype(np.float32)
    assert np.mean(~np.isnan(pitch_hz(noise, RATE_HZ))) < 0.05
    assert not len(pitch_hz(noise[:100], RATE_HZ))
    assert np.isnan(pitch_hz(np.zeros(RATE_HZ, np.float32), RATE_HZ)).all()


def test_clipping_is_seen_at_any_level(voice: np.ndarray) -> None:
    """Would catch a look for full scale, which a voice that was turned down later passes."""
    most = DEFAULT_GATES["voice_clipped_ratio"][1]
    assert most is not None
    peak = float(np.abs(voice).max())
    assert clipped_ratio(voice) < most / 10
    assert clipped_ratio(0.3 * np.clip(voice, -0.5 * peak, 0.5 * peak)) > 3 * most


def test_pauses_are_those_between_words() -> None:
    """Would catch the silence before and behind the voice being taken for a pause."""
    noise = 0.1 * np.random.default_rng(1).standard_normal(RATE_HZ).astype(np.float32)
    gap = np.zeros(round(0.7 * RATE_HZ), np.float32)
    lead = np.zeros(3 * RATE_HZ, np.float32)
    sound = np.concatenate([lead, noise, gap, noise, gap[:3000], noise, lead])
    assert longest_pause_s(sound) == pytest.approx(0.7, abs=0.02)
    assert longest_pause_s(noise) == 0.0


def test_the_embedded_voice_passes_the_default_gates(
    model: QualityModel, voice: np.ndarray
) -> None:
    """Would catch gates that block the shipped voice, and metrics that nobody can gate on."""
    metrics = voice_metrics(voice, _syllables(42, 11.0), model)
    assert set(metrics) <= set(METRICS)
    assert 140 < metrics["voice_f0_median_hz"] < 260, "a woman's voice"
    assert 4 < metrics["voice_f0_range_st"] < 18
    assert metrics["voice_syllables_per_s"] == pytest.approx(42 / 11.0)
    gates = tuple((n, *DEFAULT_GATES[n]) for n in DEFAULT_GATES if n.startswith("voice_"))
    assert {v.verdict for v in judge(metrics, gates)} == {"pass"}


def test_bad_voices_do_not_pass(model: QualityModel, voice: np.ndarray) -> None:
    """Would catch silence that no gate applies to, a robot's one pitch, a hurried reading."""
    gates = tuple((n, *DEFAULT_GATES[n]) for n in DEFAULT_GATES if n.startswith("voice_"))

    def blocked(sound: np.ndarray, syllables: int) -> set[str]:
        metrics = voice_metrics(sound, _syllables(syllables, 11.0), model)
        return {v.rule for v in judge(metrics, gates) if v.verdict == "block"}

    assert "voice_mos_ovrl" in blocked(np.zeros(RATE_HZ, np.float32), 1)
    times_s = np.arange(len(voice)) / RATE_HZ
    robot = (0.1 * np.sign(np.sin(2 * np.pi * 120 * times_s))).astype(np.float32)
    assert {"voice_f0_range_st", "voice_clipped_ratio"} <= blocked(robot, 42)
    assert "voice_syllables_per_s" in blocked(voice, 90)


def test_what_cannot_be_told_is_left_out(model: QualityModel, voice: np.ndarray) -> None:
    """Would catch a rate of nought for a language whose sounds have other names."""
    assert "voice_syllables_per_s" not in voice_metrics(voice, _syllables(9, 3.0, "ø"), model)
    assert "voice_syllables_per_s" not in voice_metrics(voice, None, model)
    whisper = 0.05 * np.random.default_rng(1).standard_normal(5 * RATE_HZ).astype(np.float32)
    assert "voice_f0_median_hz" not in voice_metrics(whisper, None, model)
