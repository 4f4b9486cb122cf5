"""The sound's half of the watermark's benchmark: real mixes, marked, copied and read."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile  # type: ignore[import-untyped]

from jobs.bench.sync_voices import DEMO
from jobs.bench.usage import Usage
from jobs.bench.watermark import MARK, SECRET, Found, Told, in_words, judged_row
from jobs.bench.watermark_attacks import SOUND, attack_sound
from stages.composite.mix import Levels, master, mix
from stages.inspect.hearing import Ear
from stages.inspect.speech_quality import QualityModel
from stages.inspect.word_errors import word_error_rate
from stages.shared.ffmpeg import decode_audio
from stages.shared.sound import resample
from stages.shared.watermark import detect_sound, mark_sound
from stages.speech import HibariVoice
from stages.speech.lexicon import Lexicon
from stages.speech.normalise import read_script
from stages.speech.takes import record

RATE_HZ, EAR_HZ = 48_000, 16_000
BEDS = ("bed_calm.ogg", "bed_premium.ogg", "bed_upbeat.ogg", None)
"""Music of each mix, and one without any."""


@dataclass(frozen=True)
class Mix:
    """A spot's sound before it is marked, float32 (samples, 2) at 48 kHz, and what is said."""

    name: str
    sound: np.ndarray
    said: str


def mixes(count: int, seconds: float, folder: Path) -> list[Mix]:
    """The demo's scripts, spoken by the embedded voice, over its music."""
    with (DEMO / "scripts.tsv").open(encoding="utf-8") as file:
        scripts = [row["script"] for row in csv.DictReader(file, delimiter="\t")]
    voice = HibariVoice()
    voice.load()
    made = []
    for number, bed in enumerate(BEDS[:count]):
        script = scripts[number % len(scripts)]
        path = folder / "voice.wav"
        soundfile.write(path, *_spoken(voice, script))
        music = DEMO / "audio" / bed if bed else None
        raw = mix(path, music, {}, [], [], seconds, Levels(13.0, 0.0, 5.0))
        made.append(Mix(_short(script, bed), raw, script))
    return made


def _spoken(voice: HibariVoice, script: str) -> tuple[np.ndarray, int]:
    """(samples, their rate) of a script, with a breath between its sentences."""
    takes = [record(voice, sentence, 1.0) for sentence in read_script(script, Lexicon(()))]
    rate_hz = takes[0].rate_hz
    pause = np.zeros(round(0.3 * rate_hz), np.float32)
    return np.concatenate([part for take in takes for part in (take.samples, pause)]), rate_hz


def _short(script: str, bed: str | None) -> str:
    return f"{re.sub('[^a-z ]', '', script.lower()).split()[0]}, {bed or 'no music'}"


def measure_sounds(
    found: Found, made: Sequence[Mix], folder: Path, told: Told
) -> list[np.ndarray]:  # fmt: skip
    """Adds what is found of the mixes; returns their unmarked sounds, for the trials."""
    quality, ear, plain = QualityModel(), Ear(), []
    for one in made:
        with Usage() as used:
            carrying = mark_sound(one.sound, MARK, secret=SECRET)
        pair = [master(sound, -14.0, -1.7) for sound in (one.sound, carrying)]
        heard = [resample(sound.mean(axis=1), RATE_HZ, EAR_HZ) for sound in pair]
        mos = [quality.scores(sound, 1.0)["ovrl"] for sound in heard]
        wrong = [word_error_rate(one.said, ear.words(sound)) for sound in heard]
        found.sounds.append(
            {
                "mix": one.name, "mos_plain": mos[0], "mos_marked": mos[1],
                "mos_loss": mos[0] - mos[1], "wer_plain": wrong[0], "wer_marked": wrong[1],
                "cpu_extra_s": used.cpu_s,
            }
        )  # fmt: skip
        told(f"{one.name}: DNSMOS {mos[0]:.2f} without, {mos[1]:.2f} with the mark")
        source = folder / "marked.wav"
        soundfile.write(source, pair[1], RATE_HZ)
        plain.append(pair[0])
        for attack in SOUND:
            copy = folder / ("copy.mp3" if "mp3" in attack.coding[0] else "copy.mp4")
            attack_sound(source, attack, copy, 0.25 * found.seconds if attack.seconds else 0.0)
            with Usage() as used:
                read = detect_sound(decode_audio(copy, RATE_HZ), secret=SECRET)
                row = judged_row("sound", one.name, attack.name, read)
            found.rows.append(row(used.cpu_s))
            told(f"{one.name}, {attack.name}: {in_words(found.rows[-1])}")
    return plain
