"""The bed under the spot: cut or looped, measured at the seam, its beats where they are heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stages.shared import beats
from stages.shared.beats import find_beats, mel_levels
from stages.shared.bed import RATE_HZ, Loop, beats_under, lay_bed, loop_of
from stages.shared.ffmpeg import decode_audio
from stages.shared.sound import resample
from tests.stages.music_made import band

BEDS = Path(__file__).parents[2] / "examples" / "demo" / "audio"


def _bed(name: str, start_s: float = 0.0, end_s: float | None = None) -> np.ndarray:
    sound = decode_audio(BEDS / f"bed_{name}.ogg", RATE_HZ, channels=2)
    return sound[round(start_s * RATE_HZ) : None if end_s is None else round(end_s * RATE_HZ)]


def _flux(sound: np.ndarray) -> np.ndarray:
    """Change of the spectrum every 10 ms, in dB."""
    levels = mel_levels(resample(sound.mean(axis=1), RATE_HZ, beats.RATE_HZ))
    return np.abs(np.diff(levels, axis=0)).mean(axis=1)


def _seams_s(loop: Loop, length_s: float) -> np.ndarray:
    return np.arange(loop.end / RATE_HZ, length_s, (loop.end - loop.start) / RATE_HZ)


CUT_BADLY = {
    "upbeat": (1.3, 11.2), "calm": (0.0, 9.87), "premium": (1.3, 11.2), "calm, late": (2.05, 12.0),
}  # fmt: skip


@pytest.mark.parametrize("name", CUT_BADLY)
def test_nothing_is_heard_at_the_seam(name: str) -> None:
    """Would catch a click, a doubled stroke or a jump of the harmony where the bed repeats: there
    the spectrum changes no more than it does anyway, in the second around and in all of it."""
    sound = _bed(name.partition(",")[0], *CUT_BADLY[name])
    loop, laid = loop_of(sound), lay_bed(sound, 25 * RATE_HZ)
    flux, usual = _flux(laid), _flux(sound)[3:-6]
    assert len(laid) == 25 * RATE_HZ and loop.fade > 0
    for seam_s in _seams_s(loop, 25.0):
        at = round(seam_s * 100)
        here = flux[at - 8 : at - 1].max()  # the crossfade, before the window reaches the beat
        around = np.r_[flux[at - 70 : at - 8], flux[at + 4 : at + 70]]
        assert here <= around.max(), seam_s
        assert flux[at - 8 : at + 4].max() <= usual.max() * 1.02, seam_s


@pytest.mark.parametrize("name", CUT_BADLY)
def test_the_bar_goes_on_over_the_seam(name: str) -> None:
    """Would catch a bar of three and a half beats, and beats that the two stages hear apart: those
    of the looped sound itself are those that were foretold."""
    sound = _bed(name.partition(",")[0], *CUT_BADLY[name])
    loop, foretold = loop_of(sound), beats_under(sound, 25.0)
    bars = (loop.end - loop.start) / RATE_HZ * foretold.tempo_bpm / 60 / 4
    assert bars == pytest.approx(round(bars), abs=0.03) and round(bars) >= 1
    laid = lay_bed(sound, 25 * RATE_HZ)
    heard = find_beats(resample(laid.mean(axis=1), RATE_HZ, beats.RATE_HZ))
    assert heard.tempo_bpm == pytest.approx(foretold.tempo_bpm, rel=0.005)
    inner = [time_s for time_s in foretold.times_s if 0.5 < time_s < 24.5]
    off_s = [min(abs(time_s - other) for other in heard.times_s) for time_s in inner]
    assert np.percentile(off_s, 95) < 0.03
    apart = np.diff(foretold.times_s)
    assert apart.min() > 0.8 * np.median(apart) and apart.max() < 1.2 * np.median(apart)


def test_level_holds_through_the_crossfade() -> None:
    """Would catch a dip or a swell: equal power for what differs, equal gain for what is alike."""
    random = np.random.default_rng(1)
    noise = (0.1 * random.standard_normal((5 * RATE_HZ, 2))).astype(np.float32)
    fading = noise * np.linspace(1, 0, len(noise), dtype=np.float32)[:, None] ** 0.5
    time_s = np.arange(5 * RATE_HZ) / RATE_HZ
    drone = np.repeat(0.2 * np.sin(2 * np.pi * 220.4 * time_s)[:, None], 2, axis=1)
    drone = drone.astype(np.float32)
    drone[-200:] = 0.0  # or it would join by itself
    for sound in (fading, drone):
        loop, laid = loop_of(sound), lay_bed(sound, 12 * RATE_HZ)
        assert loop.fade > 0
        for seam_s in _seams_s(loop, 11.5):
            at = round(seam_s * RATE_HZ)
            through = np.square(laid[at - loop.fade : at]).mean()
            old = np.square(sound[loop.end - loop.fade : loop.end]).mean()
            new = np.square(sound[loop.start - loop.fade : loop.start]).mean()
            assert 10 * np.log10(through / ((old + new) / 2)) == pytest.approx(0, abs=0.8)
        assert np.abs(np.diff(laid[:, 0])).max() <= np.abs(np.diff(sound[:-210, 0])).max() * 1.05


@pytest.mark.parametrize("name", ["upbeat", "premium", "calm"])
def test_a_loop_that_was_made_as_one_stays_whole(name: str) -> None:
    """Would catch the shipped beds, which join by themselves, being cut and faded."""
    sound = _bed(name)
    assert loop_of(sound) == Loop(0, len(sound), 0)
    laid = lay_bed(sound, 30 * RATE_HZ)
    assert np.array_equal(laid[len(sound) : 30 * RATE_HZ], sound[: 30 * RATE_HZ - len(sound)])


def test_silence_and_fades_at_the_ends_are_left_out() -> None:
    """Would catch a hole in the music: a song's ending and the padding of MP3 are not repeated."""
    sound = band(112.0, 11.0, RATE_HZ)
    sound[-2 * RATE_HZ :] *= np.linspace(1, 0, 2 * RATE_HZ, dtype=np.float32)[:, None] ** 2
    padded = np.pad(sound, ((RATE_HZ // 3, RATE_HZ // 2), (0, 0)))
    loop, laid = loop_of(padded), lay_bed(padded, 20 * RATE_HZ)
    assert loop.end < (1 / 3 + 10.2) * RATE_HZ
    power = np.square(laid[RATE_HZ:]).mean(axis=1).reshape(-1, RATE_HZ // 2).mean(axis=1)
    assert power.min() > np.median(power) / 4


def test_a_longer_bed_is_cut_as_it_is() -> None:
    """Would catch a bed that begins somewhere else than its beats were taken from."""
    sound = band(100.0, 20.0, RATE_HZ, first_s=0.4)
    assert np.array_equal(lay_bed(sound, 15 * RATE_HZ), sound[: 15 * RATE_HZ])
    found = beats_under(sound, 15.0)
    assert found.tempo_bpm == pytest.approx(100, rel=0.005)
    truth = np.arange(0.4, 15.0, 0.6)
    assert all(min(abs(t - b) for b in found.times_s) < 0.012 for t in truth)
    assert max(found.times_s) < 15.0


@pytest.mark.parametrize("length_s", [0.0, 0.02, 0.4, 1.7, 3.1])
def test_beds_too_short_for_a_bar(length_s: float) -> None:
    """Would catch a crash, a wrong length, or an endless loop for a jingle or an empty file."""
    sound = band(120.0, 4.0, RATE_HZ)[: round(length_s * RATE_HZ)]
    laid = lay_bed(sound, 5 * RATE_HZ)
    assert laid.shape == (5 * RATE_HZ, 2) and np.isfinite(laid).all()
    assert np.abs(laid).max() <= 1.01 * max(np.abs(sound).max(initial=0), 1e-9)
    assert all(0 <= beat_s < 5 for beat_s in beats_under(sound, 5.0).times_s)
