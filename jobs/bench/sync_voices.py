"""Voices of the benchmark of sync, and speech whose word times are known by construction."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy import signal  # type: ignore[import-untyped]

from stages.shared.aligner import RATE_HZ, Word
from stages.shared.sound import read_sound, resample
from stages.speech import HibariVoice, KokoroVoice, SpeechEngine
from stages.speech.engine import SpokenWord
from stages.speech.lexicon import Lexicon
from stages.speech.normalise import ScriptSentence, ScriptWord, read_script
from stages.speech.takes import Take, record

DEMO = Path(__file__).parents[2] / "examples" / "demo"
LONGEST_S = 14.7
SPEAKERS = ("af_heart", "am_michael", "bf_emma", "bm_george")
PLAIN = (
    "Good light changes everything. The desk lamp swings, tilts and dims to suit the way you work,"
    " and folds away when the day is done. Order one this week and see the difference.",
    "Slow mornings deserve a better mug. This one is thrown by hand, keeps your coffee warm for an"
    " hour, and goes straight into the dishwasher when you are done.",
    "Five boxes of fresh bread, baked before sunrise and brought to your door by bicycle. Pick a"
    " quiet street, a sunny window, and take the whole morning for yourself.",
)
"""Scripts of words that every English dictionary has, for voices that tell no phonemes."""


@dataclass(frozen=True)
class Rendering:
    """One of the sounds that a voice can make: its pace, and how it is played back.

    `pitch` 1.1 is played ten percent faster, which is ten percent higher: to an aligner another
    speaker, with times that are known as exactly.
    """

    name: str
    voice: SpeechEngine
    speed: float = 1.0
    pitch: float = 1.0


@dataclass(frozen=True)
class Spoken:
    """Speech, float32 (samples,) at 16 kHz, and its words with their true starts and ends in s;
    a start that is not known is NaN."""

    rendering: str
    samples: np.ndarray
    words: tuple[Word, ...]
    starts_s: np.ndarray
    ends_s: np.ndarray


def renderings() -> list[Rendering]:
    """Five voices: the embedded one and four of Kokoro where the extra [kokoro] is installed, else
    five sounds of the embedded one.
    """
    if KokoroVoice().missing_packages():
        return embedded()
    return embedded()[:1] + [_kokoro(speaker) for speaker in SPEAKERS]


@cache
def _kokoro(speaker: str) -> Rendering:
    voice = KokoroVoice(speaker=speaker)
    voice.load()
    return Rendering(speaker, voice)


def embedded() -> list[Rendering]:
    """The embedded voice at three paces and two more pitches."""
    voice = HibariVoice()
    voice.load()
    return [
        Rendering("own", voice),
        Rendering("slow", voice, speed=0.9),
        Rendering("fast", voice, speed=1.12),
        Rendering("deep", voice, speed=1.05, pitch=0.92),
        Rendering("high", voice, speed=0.95, pitch=1.1),
    ]


@cache
def demo_scripts() -> tuple[str, ...]:
    """The scripts of the demo campaign."""
    with (DEMO / "scripts.tsv").open(encoding="utf-8", newline="") as file:
        return tuple(row["script"] for row in csv.DictReader(file, delimiter="\t"))


def spliced(rendering: Rendering, script: str, dice: np.random.Generator) -> Spoken:
    """Every word spoken by itself, cut where its sound begins and ends, and laid one behind the
    other over random gaps: 0 to 60 ms within a sentence, 0.2 to 0.5 s behind it.

    What an engine says of its durations plays no part: a word's truth is where it was laid.
    """
    at_s, track = 0.3, np.zeros(round(LONGEST_S * RATE_HZ), np.float32)
    words, starts, ends = [], [], []
    for sentence in read_script(script, Lexicon(())):
        said = [_word(rendering, word) for word in sentence.words]
        gaps_s = dice.uniform(0.0, 0.06, len(said))
        gaps_s[-1] = dice.uniform(0.2, 0.5)
        if at_s + sum(len(clip) for clip, _ in said) / RATE_HZ + gaps_s.sum() > LONGEST_S:
            break
        for (clip, own), gap_s in zip(said, gaps_s, strict=True):
            first = round(at_s * RATE_HZ)
            track[first : first + len(clip)] += clip
            words.append(own)
            starts.append(at_s)
            ends.append(at_s + len(clip) / RATE_HZ)
            at_s = ends[-1] + float(gap_s)
    return Spoken(rendering.name, track, tuple(words), np.array(starts), np.array(ends))


def whole(rendering: Rendering, script: str) -> tuple[np.ndarray, list[dict[str, object]]]:
    """The script spoken in sentences: 16 kHz samples, and the voice's own PHONEME rows."""
    at_s, parts, rows = 0.3, [], []
    for sentence in read_script(script, Lexicon(())):
        take = record(rendering.voice, sentence, rendering.speed)
        clip, begin_s = _played(take, rendering)
        if at_s + len(clip) / RATE_HZ > LONGEST_S:
            break
        for word in take.words:
            for phoneme in word:
                start_s = at_s + phoneme.start_s / rendering.pitch - begin_s
                end_s = at_s + phoneme.end_s / rendering.pitch - begin_s
                row = {"symbol": phoneme.symbol, "stress": phoneme.stress}
                rows.append({**row, "start_s": start_s, "end_s": end_s})
        parts.append((round(at_s * RATE_HZ), clip))
        at_s += len(clip) / RATE_HZ + 0.3
    track = np.zeros(round(LONGEST_S * RATE_HZ), np.float32)
    for first, clip in parts:
        track[first : first + len(clip)] += clip
    return track, rows


def espeak_speech(voice: str, script: str, folder: Path) -> Spoken | None:
    """Continuous speech by the program espeak-ng, whose word events are the truth; None without it.

    It runs in a process of its own, and is used by nothing but this benchmark.
    """
    if shutil.which("espeak-ng") is None:
        return None
    wave = folder / "espeak.wav"
    command = [sys.executable, "-m", "jobs.bench.espeak_words", voice, str(wave)]
    done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        return None
    at = {event["position"]: event["start_s"] for event in json.loads(done.stdout)}
    found = list(re.finditer(r"[A-Za-z']+", script))
    starts = np.array([at.get(word.start(), np.nan) for word in found])
    # Cut before a word, not within: an aligner would look for the others in the rest of it.
    behind_s = starts[starts > LONGEST_S - 1.0]
    cut_s = float(behind_s[0]) if len(behind_s) else LONGEST_S
    samples = read_sound(wave, RATE_HZ)[: round(cut_s * RATE_HZ)]
    count = int(np.flatnonzero(starts < cut_s)[-1]) + 1
    while count < len(found) and np.isnan(starts[count]):
        count += 1
    starts = starts[:count]
    known = np.isfinite(starts)
    ends = np.r_[np.interp(np.arange(1, count), np.flatnonzero(known), starts[known]), cut_s]
    words = tuple(Word(word.group().lower(), ()) for word in found[:count])
    return Spoken(f"espeak {voice}", samples, words, starts, ends)


def bed(name: str) -> np.ndarray:
    """A music bed of the demo, mono at 16 kHz."""
    return read_sound(DEMO / "audio" / f"bed_{name}.ogg", RATE_HZ)


def with_noise(speech: np.ndarray, dice: np.random.Generator, below_db: float) -> np.ndarray:
    """Speech in a room: noise that falls 3 dB per octave, `below_db` under the speech."""
    white = np.fft.rfft(dice.standard_normal(len(speech)))
    pink = np.fft.irfft(white / np.sqrt(np.arange(len(white)) + 1.0), len(speech))
    loud = np.abs(speech) > 0.02 * np.abs(speech).max()
    gain = np.sqrt(np.mean(speech[loud] ** 2) / np.mean(pink**2)) * 10 ** (-below_db / 20)
    return (speech + gain * pink).astype(np.float32)


_clips: dict[tuple[str, str], tuple[np.ndarray, Word]] = {}


def _word(rendering: Rendering, word: ScriptWord) -> tuple[np.ndarray, Word]:
    key = (rendering.name, word.text.lower())
    if key not in _clips:
        spoken = [SpokenWord(one.text, one.phonemes) for one in word.spoken]
        alone = ScriptWord(word.text, tuple(spoken))
        take = record(rendering.voice, ScriptSentence((alone,)), rendering.speed)
        said = " ".join(one.text for one in word.spoken).replace("-", " ").lower()
        symbols = tuple(p.symbol for own in take.words for p in own)
        _clips[key] = (_played(take, rendering)[0], Word(said, symbols))
    return _clips[key]


def _played(take: Take, rendering: Rendering) -> tuple[np.ndarray, float]:
    """What sounds of a take at 16 kHz, with edges of 3 ms, and its begin in played seconds."""
    first, last = round(take.begin_s * take.rate_hz), round(take.end_s * take.rate_hz)
    clip = resample(take.samples[first:last], take.rate_hz, RATE_HZ)
    if rendering.pitch != 1.0:
        clip = signal.resample_poly(clip, 100, round(100 * rendering.pitch)).astype(np.float32)
    edge = min(48, len(clip) // 4)
    clip[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
    clip[-edge:] *= np.linspace(1, 0, edge, dtype=np.float32)
    return clip, take.begin_s / rendering.pitch
