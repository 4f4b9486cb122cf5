"""The watermark of the sound: whether copies are read, and whether it stays out of the way."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
from scipy import signal  # type: ignore[import-untyped]

from stages.composite.mix import master
from stages.composite.soundtrack import Soundtrack
from stages.shared.ffmpeg import decode_audio, run_ffmpeg
from stages.shared.sound import loudness_lufs, true_peak_dbtp
from stages.shared.watermark import detect_sound, mark_sound, match
from stages.shared.watermark.audio import BANDS, CELLS, sound_key

RATE_HZ, LENGTH_S = 48_000, 12
PAYLOAD, SECRET = 0xA1B2C3D4E5F6, "under the rose"


@cache
def scene() -> np.ndarray:
    """Syllables of a buzzing voice over soft noise, with a second of silence: float32 (n, 2)."""
    dice = np.random.default_rng(3)
    count = LENGTH_S * RATE_HZ
    time_s = np.arange(count) / RATE_HZ
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * time_s) + 8 * np.sin(2 * np.pi * 5 * time_s)
    buzz = signal.sawtooth(2 * np.pi * np.cumsum(pitch) / RATE_HZ)
    opened = np.clip(np.sin(2 * np.pi * 2.1 * time_s), 0, 1) ** 0.5
    hiss = signal.lfilter([1, -0.6], [1, -0.3], dice.normal(0, 0.12, (count, 2)), axis=0)
    sound = 0.35 * (buzz * opened)[:, None] + hiss * (0.4 + 0.6 * (1 - opened))[:, None]
    sound[6 * RATE_HZ : 7 * RATE_HZ] = 0.0
    return (0.5 * sound).astype(np.float32)


@cache
def marked() -> np.ndarray:
    """The scene with the mark in it."""
    return mark_sound(scene(), PAYLOAD, secret=SECRET)


def copied(sound: np.ndarray, folder: Path, *options: str, name: str = "copy.mp4") -> np.ndarray:
    """What a copy sounds like."""
    source, target = folder / "source.wav", folder / name
    soundfile.write(source, sound, RATE_HZ)
    run_ffmpeg(["-i", str(source), *options, str(target)])
    return decode_audio(target, RATE_HZ)


class TestReading:
    """From real copies."""

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            (("-c:a", "aac", "-b:a", "128k"), "copy.mp4"),
            (("-c:a", "libmp3lame", "-b:a", "64k"), "copy.mp3"),
            (("-ar", "16000", "-c:a", "aac", "-b:a", "48k"), "copy.mp4"),
            (("-ss", "3.3", "-t", "8", "-c:a", "aac", "-b:a", "128k"), "copy.mp4"),
        ],
    )
    def test_it_survives_what_platforms_do(
        self, tmp_path: Path, options: tuple[str, ...], name: str
    ) -> None:
        """Would catch a mark that codecs drop, or that is read from its very beginning alone."""
        read = detect_sound(copied(marked(), tmp_path, *options, name=name), secret=SECRET)
        assert read.payload == PAYLOAD and read.tempo == pytest.approx(1.0, abs=0.002)

    @pytest.mark.parametrize("tempo", [0.98, 1.02])
    def test_a_changed_tempo_is_found(self, tmp_path: Path, tempo: float) -> None:
        """Would catch copies that play a little faster or slower, and a search the wrong way."""
        sound = copied(marked(), tmp_path, "-af", f"atempo={tempo}", "-c:a", "aac")
        read = detect_sound(sound, secret=SECRET)
        assert read.payload == PAYLOAD and read.tempo == pytest.approx(tempo, abs=0.003)

    def test_a_copy_too_poor_to_read_is_matched(self, tmp_path: Path) -> None:
        """Would catch a copy that is lost although the ledger knows its id."""
        sound = copied(marked(), tmp_path, "-t", "5", "-c:a", "aac", "-b:a", "32k")
        read = detect_sound(sound, secret=SECRET)
        ids = np.random.default_rng(5).integers(0, 1 << 48, 1000, dtype=np.uint64)
        wrong = match(read.soft_bits, ids)
        assert wrong is not None and not wrong.sure
        ids[77] = PAYLOAD
        found = match(read.soft_bits, ids)
        assert found is not None and found.sure and found.id == PAYLOAD

    def test_nothing_is_read_where_there_is_nothing(self) -> None:
        """Would catch a reader that accuses unmarked sounds, and a mark that any key reads."""
        plain = detect_sound(scene(), secret=SECRET, expected=PAYLOAD)
        assert plain.payload is None and abs(plain.matched_z or 9) < 5
        assert detect_sound(marked(), secret="another").payload is None

    def test_silence_is_told_apart(self) -> None:
        """Would catch a division by nothing, and silence that counts as unmarked."""
        with pytest.raises(ValueError, match="silent or too short"):
            detect_sound(np.zeros((5 * RATE_HZ, 2), np.float32), secret=SECRET)
        with pytest.raises(ValueError, match="silent or too short"):
            detect_sound(marked()[:4000], secret=SECRET)


class TestMark:
    """What it does to the sound."""

    def test_silence_stays_silent(self) -> None:
        """Would catch a mark that is heard in pauses."""
        pause = slice(6 * RATE_HZ + 2100, 7 * RATE_HZ - 2100)
        assert np.array_equal(marked()[pause], scene()[pause])
        nothing = np.zeros((RATE_HZ, 2), np.float32)
        assert not np.any(mark_sound(nothing, PAYLOAD, secret=SECRET))

    def test_it_is_faint(self) -> None:
        """Would catch a mark that can be heard: it lies 25 dB below the sound, and adds nothing
        outside its bands."""
        change = marked().astype(np.float64) - scene()
        ratio_db = 10 * np.log10(np.square(scene()).sum() / np.square(change).sum())
        assert 24 < ratio_db < 45
        spectrum = np.abs(np.fft.rfft(change[:, 0])) ** 2
        hz = np.fft.rfftfreq(len(change), 1 / RATE_HZ)
        inside = spectrum[(hz > 1000) & (hz < 6850)].sum()
        assert inside > 0.99 * spectrum.sum()

    def test_loudness_and_peaks_hold_of_the_marked_sound(self) -> None:
        """Would catch a mark that is put in behind the limiter."""
        track = Soundtrack(scene(), -14.0, -1.0, -14.0, -1.7).marked(PAYLOAD, SECRET)
        finished = master(track.raw, track.aim_lufs, track.aim_dbtp)
        assert loudness_lufs(finished, RATE_HZ) == pytest.approx(-14.0, abs=0.2)
        assert true_peak_dbtp(finished) <= -1.6
        assert detect_sound(finished, secret=SECRET).payload == PAYLOAD

    def test_it_is_the_same_on_every_machine(self) -> None:
        """Would catch a pattern that changes with a library: old spots could not be read; and bits
        that are carried by fewer cells than others."""
        key = sound_key("fixed")
        assert (key.chips.shape, key.owner.shape) == ((BANDS, CELLS), (BANDS, CELLS))
        assert key.chips[0, :12].tolist() == [-1, 1, 1, -1, -1, 1, -1, 1, 1, -1, 1, 1]
        counts = np.bincount(key.owner.ravel(), minlength=128)
        assert counts[127] == BANDS * CELLS // 4
        assert set(counts[:127].tolist()) == {22, 23}
        with pytest.raises(ValueError, match="48 bits"):
            mark_sound(scene()[:RATE_HZ], 1 << 48, secret=SECRET)
