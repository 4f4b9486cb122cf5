"""The suite that every voice must pass: a new speech engine is added to `VOICES`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pytest

from stages.shared.sound import levels_db
from stages.speech import HibariVoice, HttpVoice, SpeechEngine
from stages.speech.engine import SpokenWord, Utterance
from stages.speech.kokoro import KokoroVoice
from stages.speech.lexicon import Lexicon
from stages.speech.normalise import ScriptSentence, read_script
from stages.speech.phonemes import CONSONANTS, VOWELS
from stages.speech.takes import HOP_S, QUIET_DB, record
from tests.stages.speech_service import SpeechService, speech_service

VOICES: list[SpeechEngine] = [
    HibariVoice(),
    KokoroVoice(),
    HttpVoice(url="http://127.0.0.1", voice="heart", model="tiny", of_person=False),
]
SCRIPT = "Slow mornings deserve, a better mug; it keeps forty-five coffees warm."
PAUSED = (2, 5)
"""Words of `SCRIPT` with a pause behind them."""
TRUE_S = 0.05
"""How far a time may lie from the sound."""
SHORTEST_PAUSE_S = 0.04


def sentence() -> ScriptSentence:
    """`SCRIPT`, as the stage reads it."""
    (only,) = read_script(SCRIPT, Lexicon(()))
    return only


@pytest.fixture(scope="module")
def service() -> Iterator[SpeechService]:
    """A service that speaks with the embedded voice."""
    with speech_service() as server:
        yield server


@pytest.fixture(scope="module", params=VOICES, ids=lambda voice: voice.name)
def voice(request: pytest.FixtureRequest) -> SpeechEngine:
    """Every voice, warm."""
    engine: SpeechEngine = request.param
    if isinstance(engine, HttpVoice):
        engine = dataclasses.replace(engine, url=request.getfixturevalue("service").url)
    engine.prepare()
    engine.load()
    return engine


@pytest.fixture(scope="module")
def said(voice: SpeechEngine) -> Utterance:
    """`SCRIPT`, spoken at the voice's own pace."""
    return voice.speak(sentence().spoken, 1.0)


def quiet_s(samples: np.ndarray, rate_hz: int) -> list[tuple[float, float]]:
    """The silences of a sound in seconds, those before and behind the voice included."""
    levels = levels_db(samples, rate_hz, HOP_S)
    loud = (levels > levels.max() - QUIET_DB).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.r_[1, loud, 1])).reshape(-1, 2) * HOP_S
    return [(float(a), float(b)) for a, b in edges if b - a >= SHORTEST_PAUSE_S]


def off_s(at_s: float, edges_s: Sequence[float]) -> float:
    """Distance from a time to the nearest edge."""
    return min(abs(at_s - edge_s) for edge_s in edges_s)


def test_it_is_a_dataclass_that_says_who_it_is(voice: SpeechEngine) -> None:
    """Catches a voice without a place in the key, and a loaded model that would be part of it."""
    assert dataclasses.is_dataclass(voice)
    assert voice.name and voice.version and voice.languages
    assert all(tag == tag.lower() and "-" not in tag for tag in voice.languages)
    made = {name for name in vars(voice) if name.startswith("_")}
    assert made <= {field.name for field in dataclasses.fields(voice) if not field.init}


def test_sound_is_as_the_interface_says(said: Utterance) -> None:
    """Catches integers, stereo, clipped or silent sound, and a rate that does not belong to it."""
    assert said.samples.dtype == np.float32 and said.samples.ndim == 1
    assert isinstance(said.rate_hz, int) and 16_000 <= said.rate_hz <= 48_000
    assert np.isfinite(said.samples).all()
    assert 0.05 < float(np.abs(said.samples).max()) <= 1.0
    syllables_per_s = 17 / (len(said.samples) / said.rate_hz)
    assert 2.0 < syllables_per_s < 8.0, "no one speaks at this pace: is the rate right?"


def test_every_word_has_its_sounds(said: Utterance) -> None:
    """Catches words that are left out, split, or timed without a phoneme."""
    assert len(said.words) == len(sentence().spoken) == 11
    symbols = [[p.symbol for p in word] for word in said.words]
    assert symbols[5] == ["M", "AH", "G"]
    for word in said.words:
        assert any(p.symbol in VOWELS for p in word), "each word here has a vowel"
        for phoneme in word:
            assert phoneme.symbol in VOWELS | CONSONANTS
            assert phoneme.stress in ((0, 1, 2) if phoneme.symbol in VOWELS else (0,))


def test_times_go_forward_within_the_sound(said: Utterance) -> None:
    """Catches phonemes that overlap, leave gaps in a word, or lie behind the sound's end."""
    flat = [phoneme for word in said.words for phoneme in word]
    assert flat[0].start_s >= 0.0
    assert flat[-1].end_s <= len(said.samples) / said.rate_hz + 1e-6
    assert all(p.end_s > p.start_s for p in flat)
    assert all(b.start_s >= a.end_s - 1e-6 for a, b in pairwise(flat))
    for word in said.words:
        assert all(b.start_s == pytest.approx(a.end_s, abs=1e-6) for a, b in pairwise(word))


def test_words_begin_where_their_sound_does(said: Utterance) -> None:
    """Catches durations that run late or early: the mouth and captions follow them."""
    onsets = [end for _, end in quiet_s(said.samples, said.rate_hz)]
    assert len(onsets) >= 4, "before, at both pauses, and behind"
    for first in (0, *(number + 1 for number in PAUSED)):
        assert off_s(said.words[first][0].start_s, onsets) <= TRUE_S, SCRIPT.split()[first]


@pytest.mark.parametrize("speed", [0.9, 1.12])
def test_a_take_ends_its_words_where_they_are_silent(voice: SpeechEngine, speed: float) -> None:
    """Catches a pause so far from its time that it is not found: the mouth would stay open."""
    take = record(voice, sentence(), speed)
    quiet = quiet_s(take.samples, take.rate_hz)
    begins, ends = [end for _, end in quiet], [start for start, _ in quiet]
    for last in (*PAUSED, len(take.words) - 1):
        assert off_s(take.words[last][-1].end_s, ends) <= TRUE_S, SCRIPT.split()[last]
    for first in (0, *(number + 1 for number in PAUSED)):
        assert off_s(take.words[first][0].start_s, begins) <= TRUE_S, SCRIPT.split()[first]


def test_faster_is_shorter(voice: SpeechEngine, said: Utterance) -> None:
    """Catches a speed that is ignored, or that means the duration: scripts would never fit."""
    faster, slower = (voice.speak(sentence().spoken, speed) for speed in (1.12, 0.9))
    assert len(faster.samples) < 0.96 * len(said.samples)
    assert len(slower.samples) > 1.04 * len(said.samples)


def test_same_words_same_samples(voice: SpeechEngine, said: Utterance) -> None:
    """Catches chance, and a voice that remembers: results are cached by what made them."""
    voice.speak([SpokenWord("Something"), SpokenWord("else", pause="!")], 1.1)
    again = voice.speak(sentence().spoken, 1.0)
    assert np.array_equal(again.samples, said.samples) and again.words == said.words
    fresh = dataclasses.replace(voice)  # type: ignore[type-var]
    fresh.load()
    assert np.array_equal(fresh.speak(sentence().spoken, 1.0).samples, said.samples)


def test_given_phonemes_are_said(voice: SpeechEngine) -> None:
    """Catches a voice that ignores the lexicon: brand names would be read as it likes."""
    given = SpokenWord("Kelvoro", phonemes=("K", "EH1", "L", "V", "AO0", "R", "OW0"))
    utterance = voice.speak([SpokenWord("Meet"), given, SpokenWord("today", pause=".")], 1.0)
    assert [p.symbol for p in utterance.words[1]][:4] == ["K", "EH", "L", "V"]
    plain = voice.speak(
        [SpokenWord("Meet"), SpokenWord("Kelvoro"), SpokenWord("today", pause=".")], 1.0
    )
    assert not np.array_equal(plain.samples, utterance.samples)


# What is said of a voice that does not keep to it


@dataclass(kw_only=True)
class Broken(SpeechEngine):
    """A voice that returns what it was given."""

    name: ClassVar[str] = "broken"
    version: ClassVar[str] = "1"
    languages: ClassVar[tuple[str, ...]] = ("en",)
    returns: Any = None

    def load(self) -> None:
        """Nothing to load."""

    def speak(self, words: Sequence[SpokenWord], speed: float) -> Utterance:
        """See `SpeechEngine.speak`."""
        return self.returns  # type: ignore[no-any-return]


def test_a_broken_voice_is_named(said: Utterance) -> None:
    """Catches "'NoneType' has no attribute 'samples'" in the ledger of whoever adds a voice."""
    silent = dataclasses.replace(said, samples=np.zeros_like(said.samples))
    for returns, sentence_said in [
        (None, "^voice broken returned None, not an Utterance$"),
        ((said.samples, 24_000), "^voice broken returned a tuple, not an Utterance$"),
        (dataclasses.replace(said, words=said.words[:-1]), "for 10 words, but 11 were to be"),
        (dataclasses.replace(said, words=(*said.words[:-1], ())), "for 10 words, but 11 were"),
        (silent, "broken returned silence"),
    ]:
        with pytest.raises((TypeError, ValueError), match=sentence_said):
            record(Broken(returns=returns), sentence(), 1.0)
