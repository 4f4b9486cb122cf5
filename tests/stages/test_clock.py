"""Offset and drift of a whole track: known ones must be found, and taken out of the sound."""

from __future__ import annotations

import numpy as np
import pytest

from stages.shared.clock import MOST_DRIFT, Clock, DriftTooLarge, fit_clock, set_right

RATE_HZ = 16_000


def points(offset_s: float, drift: float, count: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Times of a reference over 14 s, and of a track that is off, measured to about 10 ms."""
    dice = np.random.default_rng(1)
    at = np.sort(dice.uniform(0, 14, count))
    return at, offset_s + (1 + drift) * at + dice.normal(0, 0.01, count)


def clicks(times_s: np.ndarray, length_s: float = 15.0) -> np.ndarray:
    """A short burst at each of the times."""
    track = np.zeros(round(length_s * RATE_HZ), np.float32)
    burst = np.hanning(160).astype(np.float32) * np.sin(np.arange(160) * 1.1).astype(np.float32)
    for time_s in times_s:
        first = round(time_s * RATE_HZ)
        if 0 <= first < len(track) - 160:
            track[first : first + 160] += burst
    return track


class TestFit:
    """From points to a clock."""

    @pytest.mark.parametrize("drift", [-0.02, -0.003, 0.0, 0.0007, 0.01])
    def test_offset_and_drift_are_found_among_wrong_points(self, drift: float) -> None:
        """Would catch a least-squares line that a fifth of slips bends."""
        at, heard = points(-0.12, drift)
        heard[[3, 9, 14, 20, 21, 28]] += (0.4, -0.3, 0.5, 0.35, 0.6, -0.5)
        clock = fit_clock(at.tolist(), heard.tolist())
        assert clock.offset_ms == pytest.approx(-120, abs=12)
        assert clock.drift_ppm == pytest.approx(1e6 * drift, abs=900)
        assert clock.inliers == pytest.approx(0.8, abs=0.08) and clock.spread_ms < 30
        assert clock.worst_ms(14) == pytest.approx(Clock(-120, drift, 0, 1).worst_ms(14), abs=12)

    def test_few_points_tell_an_offset_alone(self) -> None:
        """Would catch a drift read out of three words."""
        clock = fit_clock([1.0, 2.0, 9.0], [1.1, 2.1, 9.4])
        assert clock.drift == 0.0 and clock.offset_ms == pytest.approx(100)
        at = np.linspace(0, 2, 20)
        assert fit_clock(at.tolist(), (at * 1.01).tolist()).drift == 0.0, "two seconds are too few"

    def test_no_points_are_refused(self) -> None:
        """Would catch a NaN that goes on as an offset."""
        with pytest.raises(ValueError, match="cannot be compared"):
            fit_clock([], [])
        with pytest.raises(ValueError, match="2 and 1"):
            fit_clock([1.0, 2.0], [1.0])


class TestSetRight:
    """From a clock to sound that fits."""

    @pytest.mark.parametrize(
        ("offset_ms", "drift"),
        [(250, 0.0), (-250, 0.0), (90, 0.004), (-60, -0.005), (0, 0.001)],
    )
    def test_every_click_comes_back_to_its_time(self, offset_ms: float, drift: float) -> None:
        """Would catch a drift taken out the wrong way, or an offset scaled twice."""
        truth_s = np.arange(1.0, 13.5, 1.25)
        off = clicks(offset_ms / 1000 + (1 + drift) * truth_s)
        righted = set_right(off, RATE_HZ, Clock(offset_ms, drift, 0, 1))
        assert len(righted) == len(off)
        for time_s in truth_s:
            near = slice(round((time_s - 0.05) * RATE_HZ), round((time_s + 0.06) * RATE_HZ))
            wanted = clicks(np.array([time_s]))[near]
            lag = np.correlate(righted[near], wanted, "full").argmax() - (len(wanted) - 1)
            assert abs(lag) / RATE_HZ < 0.002

    def test_resampling_keeps_the_sound(self) -> None:
        """Would catch a resampler that dulls or distorts: a tone moves by its drift alone."""
        time_s = np.arange(15 * RATE_HZ) / RATE_HZ
        tone = np.sin(2 * np.pi * 3000 * time_s).astype(np.float32)
        righted = set_right(tone, RATE_HZ, Clock(0.0, 0.004, 0, 1))[RATE_HZ:-RATE_HZ]
        wanted = np.sin(2 * np.pi * 3000 * 1.004 * time_s)[RATE_HZ:-RATE_HZ]
        spectrum = np.abs(np.fft.rfft(righted * np.hanning(len(righted))))
        peak = int(spectrum.argmax())
        assert peak / len(righted) * RATE_HZ == pytest.approx(3012, abs=0.5)
        far = np.delete(spectrum, np.arange(peak - 8, peak + 9)).max()
        assert 20 * np.log10(spectrum[peak] / far) > 70
        assert righted.std() == pytest.approx(wanted.std(), rel=1e-3)

    def test_more_is_refused_with_its_figures(self) -> None:
        """Would catch a voice made at another rate that is stretched and shipped."""
        with pytest.raises(DriftTooLarge, match=r"\+0\.60%.*\+90 ms over 15 s.*0\.5%") as caught:
            set_right(np.zeros(16, np.float32), RATE_HZ, Clock(0, MOST_DRIFT * 1.2, 0, 1))
        assert caught.value.clock.drift_ppm == pytest.approx(6000)
