"""What voices without times or a speed are given: paces, times, and a look at their sound."""

from __future__ import annotations

import numpy as np
import pytest

from stages.shared.sound import resample
from stages.speech import HibariVoice, KokoroVoice
from stages.speech.engine import SpokenWord, Utterance, VoiceFault
from stages.speech.lexicon import Lexicon
from stages.speech.normalise import read_script
from stages.speech.phonemes import CONSONANTS, VOWELS
from stages.speech.pronounce import sounds_of, spelled
from stages.speech.soundness import sound_speech
from stages.speech.stretch import SEARCH_S, stretched
from stages.speech.timing import timed_words

RATE_HZ = 24_000
SCRIPT = "Slow mornings deserve, a better mug; it keeps forty-five coffees warm."


@pytest.fixture(scope="module")
def words() -> tuple[SpokenWord, ...]:
    """The words of `SCRIPT`."""
    (sentence,) = read_script(SCRIPT, Lexicon(()))
    return sentence.spoken


@pytest.fixture(scope="module")
def said(words: tuple[SpokenWord, ...]) -> Utterance:
    """`SCRIPT` by the embedded voice, whose times are true."""
    voice = HibariVoice()
    voice.load()
    return voice.speak(words, 1.0)


# Paces


@pytest.mark.parametrize("speed", [0.8, 0.9, 1.12, 1.3])
def test_another_pace_keeps_the_pitch(speed: float) -> None:
    """Would catch a resampled voice (a chipmunk), and seams that flutter."""
    at_s = np.arange(2 * RATE_HZ) / RATE_HZ
    tone = (0.4 * np.sin(2 * np.pi * 180 * at_s) + 0.2 * np.sin(2 * np.pi * 360 * at_s)).astype(
        np.float32
    )
    found = stretched(tone, RATE_HZ, speed)
    assert found.dtype == np.float32 and len(found) == round(len(tone) / speed)
    inside = found[RATE_HZ // 10 : -RATE_HZ // 10]
    spectrum = np.abs(np.fft.rfft(inside * np.hanning(len(inside))))
    peak_hz = np.fft.rfftfreq(len(inside), 1 / RATE_HZ)[spectrum.argmax()]
    assert peak_hz == pytest.approx(180, abs=1.5)
    assert inside.std() == pytest.approx(tone.std(), rel=0.02)


@pytest.mark.parametrize("speed", [0.9, 1.12])
def test_another_pace_moves_each_moment_to_its_place(speed: float) -> None:
    """Would catch times that no longer fit the sound behind a pause."""
    clicks = np.zeros(3 * RATE_HZ, np.float32)
    places_s = [0.4, 1.1, 1.9, 2.6]
    for place_s in places_s:
        at = round(place_s * RATE_HZ)
        clicks[at : at + 240] = np.random.default_rng(0).standard_normal(240) * 0.2
    found = np.abs(stretched(clicks, RATE_HZ, speed))
    for place_s in places_s:
        around = round(place_s / speed * RATE_HZ)
        reach = round(0.1 * RATE_HZ)
        loud = np.flatnonzero(found[around - reach : around + reach] > 0.05)
        assert abs(loud[0] - reach) / RATE_HZ <= SEARCH_S + 0.006


def test_natural_pace_and_nothing_stay_as_they_are() -> None:
    """Would catch an overlap-add of sound that nobody wanted changed, and a crash on none."""
    sound = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    assert stretched(sound, RATE_HZ, 1.0) is sound
    assert len(stretched(sound[:0], RATE_HZ, 1.2)) == 0
    assert len(stretched(sound[:50], RATE_HZ, 0.9)) == 56


# Times


def test_words_are_found_in_the_sound(words: tuple[SpokenWord, ...], said: Utterance) -> None:
    """Would catch captions of a voice without times of its own that are not where it speaks."""
    sounds = sounds_of(words, "en")
    timed, how = timed_words(said.samples, said.rate_hz, words, sounds, "en")
    assert how == "aligned"
    both = list(zip(timed, said.words, strict=True))
    off_ms = [1000 * abs(a[0].start_s - b[0].start_s) for a, b in both]
    assert np.median(off_ms) <= 20 and max(off_ms) <= 60
    within_ms = [
        1000 * abs(p.start_s - q.start_s)
        for a, b in both
        if len(a) == len(b)
        for p, q in zip(a, b, strict=True)
    ]
    assert len(within_ms) > 20 and np.median(within_ms) <= 25


@pytest.mark.parametrize("kind", ["noise", "backwards", "tone", "too short"])
def test_words_that_are_not_there_are_estimated(
    kind: str, words: tuple[SpokenWord, ...], said: Utterance
) -> None:
    """Would catch an aligner's path through noise that is taken for the truth."""
    voice = said.samples
    samples = {
        "noise": (0.1 * np.random.default_rng(0).standard_normal(len(voice))).astype(np.float32),
        "backwards": voice[::-1].copy(),
        "tone": (0.3 * np.sin(np.arange(len(voice)) * 0.05)).astype(np.float32),
        "too short": voice[RATE_HZ // 2 : RATE_HZ].copy(),
    }[kind]
    sounds = sounds_of(words, "en")
    timed, how = timed_words(samples, said.rate_hz, words, sounds, "en")
    assert how == "estimated"
    flat = [phoneme for word in timed for phoneme in word]
    assert flat[0].start_s >= 0 and flat[-1].end_s <= len(samples) / RATE_HZ + 0.01
    assert all(p.end_s > p.start_s for p in flat)
    gap_s = timed[3][0].start_s - timed[2][-1].end_s
    assert gap_s > 0, "a comma is a pause"


def test_other_languages_are_estimated(said: Utterance) -> None:
    """Would catch an English model that looks for German words, and finds some."""
    spoken = [SpokenWord("Guten"), SpokenWord("Tag", pause=",")]
    sounds = sounds_of(spoken, "de")
    assert sounds[1] == (("T", 0), ("AA", 1), ("G", 0))
    timed, how = timed_words(said.samples, said.rate_hz, spoken, sounds, "de")
    assert how == "estimated" and len(timed) == 2


@pytest.mark.parametrize(("language", "speaker"), [("es", "em_alex"), ("fr", "ff_siwis")])
def test_words_of_languages_with_a_dictionary_are_found(language: str, speaker: str) -> None:
    """Would catch captions that run by guess although the words could be found; the truth is
    another voice's own durations."""
    script = {"es": "La taza mantiene el café caliente toda la mañana.",
              "fr": "La tasse garde le café au chaud toute la matinée."}[language]  # fmt: skip
    (sentence,) = read_script(script, Lexicon(()), language)
    voice = KokoroVoice(speaker=speaker)
    voice.load()
    said = voice.speak(sentence.spoken, 1.0)
    sounds = sounds_of(sentence.spoken, language)
    assert sounds[0] == (("L", 0), ("AA", 0))
    timed, how = timed_words(said.samples, said.rate_hz, sentence.spoken, sounds, language)
    off_s = [abs(a[0].start_s - b[0].start_s) for a, b in zip(timed, said.words, strict=True)]
    assert how == "aligned" and np.median(off_s) < 0.04 and max(off_s) < 0.15


def test_every_word_has_sounds(words: tuple[SpokenWord, ...]) -> None:
    """Would catch a word without a mouth shape, or with another alphabet's symbols."""
    sounds = sounds_of([*words, SpokenWord("Halvenne"), SpokenWord("Ω")], "en")
    for word in sounds:
        assert word and all(symbol in VOWELS | CONSONANTS for symbol, _ in word)
        assert all(stress in (0, 1, 2) for _, stress in word)
    assert sounds[5] == (("M", 0), ("AH", 1), ("G", 0))
    mine = SpokenWord("Halvenne", phonemes=("HH", "AE1", "L"))
    assert sounds_of([mine], "en")[0] == (("HH", 0), ("AE", 1), ("L", 0))
    assert spelled(mine, "en") == "hal" and spelled(mine, "es") == "Halvenne"


# A look at the sound


def speech_like() -> np.ndarray:
    """A second of something with a voice's ups and downs."""
    at_s = np.arange(RATE_HZ) / RATE_HZ
    return 0.4 * np.sin(2 * np.pi * 130 * at_s) * (0.3 + np.abs(np.sin(2 * np.pi * 3 * at_s)))


def test_sound_speech_is_left_alone() -> None:
    """Would catch a check that finds fault with good sound, or changes its level."""
    sound = speech_like()
    found = sound_speech(sound, RATE_HZ, 12, (0.03, 0.35))
    assert found.dtype == np.float32 and np.allclose(found, sound, atol=1e-6)
    assert np.abs(sound_speech(3 * sound, RATE_HZ, 12, None)).max() == pytest.approx(0.98)


@pytest.mark.parametrize(
    ("change", "phonemes", "said"),
    [
        (lambda s: 0.0 * s, 12, "of silence"),
        (lambda s: 0.0005 * s, 12, "of silence"),
        (lambda s: s[:0], 12, "of silence"),
        (lambda s: np.where(np.arange(len(s)) == 7, np.nan, s), 12, "1 of its 24000 samples"),
        (lambda s: np.clip(5 * s, -1, 1), 12, "clipped"),
        (lambda s: 0.3 * np.clip(5 * s, -1, 1), 12, "clipped"),
        (lambda s: s, 50, "1.0 s for 50 sounds, which take 1.5 to 17.5 s"),
        (lambda s: s, 2, "it ran on"),
        (lambda s: s[None], 12, "not one channel"),
    ],
)
def test_what_is_no_speech_is_refused(change, phonemes: int, said: str) -> None:
    """Would catch silence, noise or a cut-off wave that ends up in an ad."""
    with pytest.raises(VoiceFault, match=said):
        sound_speech(change(speech_like()), RATE_HZ, phonemes, (0.03, 0.35))


def test_a_soft_voice_is_no_clipped_one(said: Utterance) -> None:
    """Would catch a check that takes a real voice at any level for a cut-off one."""
    for gain in (0.02, 1.0, 2.8):
        for rate_hz in (16_000, 44_100):
            sound_speech(gain * resample(said.samples, said.rate_hz, rate_hz), rate_hz, 30, None)
