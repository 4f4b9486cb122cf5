"""Sound: levels, peaks and times are what the standards and the ear say they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stages.shared import sound

RATE_HZ = 48_000


def sine(hz: float, peak: float, seconds: float = 2.0, phase: float = 0.0) -> np.ndarray:
    """A tone, float32, shape (samples,)."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (peak * np.sin(2 * np.pi * hz * times_s + phase)).astype(np.float32)


def test_flac_comes_back_at_another_rate_with_its_timing(tmp_path: Path) -> None:
    """Catches a delay, a lost channel or a wrong rate between writing and reading."""
    click = np.zeros(RATE_HZ, np.float32)
    click[RATE_HZ // 2 : RATE_HZ // 2 + 240] = sine(1000, 0.5, 0.005)
    path = tmp_path / "click.flac"
    sound.write_flac(path, click, RATE_HZ)
    assert np.abs(sound.read_sound(path, RATE_HZ) - click).max() < 2 / 32768
    back = sound.read_sound(path, 16_000)
    span = sound.sounding_span(back, 16_000)
    assert len(back) == 16_000
    assert span is not None and abs(span[0] - 0.5) <= 0.005 and abs(span[1] - 0.505) <= 0.006


def test_writing_refuses_to_clip(tmp_path: Path) -> None:
    """Catches a too loud mix being cut off silently."""
    with pytest.raises(ValueError, match="full scale"):
        sound.write_flac(tmp_path / "loud.flac", sine(100, 1.2), RATE_HZ)


def test_loudness_is_that_of_the_standard() -> None:
    """Catches a missing K weighting or gate: BS.1770 gives -23.01 for this tone in mono."""
    tone = sine(997, 0.1, 5)
    assert sound.loudness_lufs(tone, RATE_HZ) == pytest.approx(-23.01, abs=0.1)
    padded = np.concatenate([tone, np.zeros(10 * RATE_HZ, np.float32)])
    assert sound.loudness_lufs(padded, RATE_HZ) == pytest.approx(-23.01, abs=0.4)
    assert sound.loudness_lufs(np.zeros(100, np.float32), RATE_HZ) == sound.SILENCE_DB


def test_true_peak_sees_between_the_samples() -> None:
    """Catches a sample peak being reported: at a quarter of the rate it is 3 dB too low."""
    tone = sine(RATE_HZ / 4, 1.0, phase=np.pi / 4)
    assert 20 * np.log10(np.abs(tone).max()) == pytest.approx(-3.01, abs=0.01)
    assert sound.true_peak_dbtp(tone) == pytest.approx(0.0, abs=0.3)


def test_limiter_holds_peaks_and_leaves_the_rest_alone() -> None:
    """Catches a limiter that lets the first peak through, or that turns everything down."""
    quiet = sine(300, 0.1, 3)
    burst = quiet.copy()
    burst[RATE_HZ : RATE_HZ + 480] += sine(700, 1.1, 0.01)
    limited = sound.limit_peaks(burst, RATE_HZ, -2.0)
    assert sound.true_peak_dbtp(limited) <= -2.0
    far = np.r_[0 : RATE_HZ - 2000, RATE_HZ + 5000 : 3 * RATE_HZ]
    assert np.array_equal(limited[far], quiet[far])


def test_normalising_reaches_loudness_and_ceiling_together() -> None:
    """Catches the limiter eating the loudness that the gain before it had set."""
    rng = np.random.default_rng(1)
    speechlike = sine(180, 0.02, 6) * (1 + np.repeat(rng.uniform(0, 9, 60), RATE_HZ // 10))
    level = sound.normalise_loudness(speechlike.astype(np.float32), RATE_HZ, -18.0, -2.0)
    assert sound.loudness_lufs(level, RATE_HZ) == pytest.approx(-18.0, abs=0.2)
    assert sound.true_peak_dbtp(level) <= -2.0
    silence = np.zeros(RATE_HZ, np.float32)
    assert not sound.normalise_loudness(silence, RATE_HZ, -18.0, -2.0).any()


def test_resampling_and_high_pass_keep_a_tone_in_place() -> None:
    """Catches a filter that delays: mouth and captions would run early."""
    tone = sine(1000, 0.5)
    inner = slice(4800, -4800)
    assert np.abs(sound.high_pass(tone, RATE_HZ, 70.0) - tone)[inner].max() < 0.01
    low = sound.high_pass(sine(20, 0.5, 4), RATE_HZ, 70.0)
    assert np.abs(low[RATE_HZ:-RATE_HZ]).max() < 0.01
    down = sound.resample(tone, RATE_HZ, 24_000)
    assert np.abs(down - tone[::2])[inner].max() < 0.001


def test_span_of_silence_is_none() -> None:
    """Catches an index error, or a span of zero length, for a voice that never begins."""
    assert sound.sounding_span(np.zeros(RATE_HZ, np.float32), RATE_HZ) is None
    assert sound.sounding_span(np.zeros(0, np.float32), RATE_HZ) is None
