"""The speech stage: a voice that fits the spot, with times that are true to its sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest

from pipeline.media import MediaStore, Workspace
from stages.base import Reject
from stages.shared import sound
from stages.speech import HibariVoice, Speech, SpeechEngine
from stages.speech.engine import SpokenWord, TimedPhoneme, Utterance
from stages.speech.phonemes import CONSONANTS, VOWELS

SCRIPT = "Slow mornings deserve a better mug. It keeps coffee warm, and it's $24.99 today!"
RATE_HZ = 48_000


def speak(script: str, media: Workspace, **parameters: Any) -> dict[str, Any]:
    """One run of the stage on an English script."""
    stage = Speech(**parameters)
    stage.load()
    return dict(stage.run({"script": script, "language": "en-US"}, media))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The stage's columns for `SCRIPT`, and the voice itself under "voice"."""
    store = MediaStore(str(tmp_path_factory.mktemp("speech")))
    with store.workspace() as media:
        row = speak(SCRIPT, media)
        row["voice"] = sound.read_sound(media.open(row["voice_uri"]), RATE_HZ)
    return row


def level_db(voice: np.ndarray, from_s: float, to_s: float) -> float:
    """Power of a stretch, in dB of full scale."""
    part = voice[round(from_s * RATE_HZ) : round(to_s * RATE_HZ)].astype(np.float64)
    return float(10 * np.log10(np.mean(part**2) + 1e-12))


def test_rows_are_whole_and_in_order(spoken: dict[str, Any]) -> None:
    """Catches gaps, overlaps, words without sounds, and columns that Arrow would not take."""
    for column in Speech.writes:
        pa.array([spoken[column.name]], column.type)
    words, phonemes, sentences = spoken["words"], spoken["phonemes"], spoken["sentences"]
    assert " ".join(word["text"] for word in words) == SCRIPT
    assert " ".join(sentence["text"] for sentence in sentences) == SCRIPT
    assert words[12]["spoken"] == "twenty four dollars and ninety nine cents"
    assert [(s["first_word"], s["last_word"]) for s in sentences] == [(0, 5), (6, 13)]
    assert phonemes[0]["start_s"] == pytest.approx(words[0]["start_s"])
    assert phonemes[-1]["end_s"] == pytest.approx(words[-1]["end_s"])
    assert all(a["end_s"] == b["start_s"] for a, b in pairwise(phonemes))
    assert all(p["end_s"] > p["start_s"] for p in phonemes)
    assert all(a["end_s"] <= b["start_s"] + 1e-9 for a, b in pairwise(words))
    starts = {round(p["start_s"], 6) for p in phonemes if p["symbol"] != "SIL"}
    assert all(round(word["start_s"], 6) in starts for word in words)
    assert {p["symbol"] for p in phonemes} <= VOWELS | CONSONANTS | {"SIL"}
    assert {p["stress"] for p in phonemes if p["symbol"] in CONSONANTS} == {0}


def test_times_are_true_to_the_sound(spoken: dict[str, Any]) -> None:
    """Catches the engine's durations used as they come: 70 ms late, pauses counted as sound."""
    voice, words = spoken["voice"], spoken["words"]
    assert len(voice) == 15 * RATE_HZ
    begin_s, end_s = sound.sounding_span(voice, RATE_HZ, below_peak_db=38.0) or (0.0, 0.0)
    assert words[0]["start_s"] == pytest.approx(0.25, abs=1e-6)
    assert begin_s == pytest.approx(words[0]["start_s"], abs=0.015)
    assert end_s == pytest.approx(words[-1]["end_s"], abs=0.015)
    pauses = [p for p in spoken["phonemes"] if p["symbol"] == "SIL"]
    assert len(pauses) == 2, "one between the sentences, one at the comma"
    for pause in pauses:
        inside = level_db(voice, pause["start_s"] + 0.02, pause["end_s"] - 0.015)
        assert inside < level_db(voice, begin_s, end_s) - 30
    assert level_db(voice, words[6]["start_s"], words[6]["end_s"]) > -35


def test_voice_has_the_level_that_the_mix_expects(spoken: dict[str, Any]) -> None:
    """Catches a voice that comes out louder or softer from one script to the next."""
    metrics = spoken["metrics"]
    assert sound.loudness_lufs(spoken["voice"], RATE_HZ) == pytest.approx(-18.0, abs=0.2)
    assert sound.true_peak_dbtp(spoken["voice"]) <= -1.9
    assert metrics["voice_loudness_lufs"] == pytest.approx(-18.0, abs=0.2)
    assert 120 < metrics["words_per_minute"] < 220


def test_same_words_same_bytes(media: Workspace) -> None:
    """Catches noise that is drawn anew, or an engine that remembers what it said before."""
    stage = Speech()
    stage.load()
    row = {"script": "Fill it up.", "language": "en"}
    first = stage.run(row, media)["voice_uri"]
    stage.run({"script": "Something else.", "language": "en"}, media)
    assert stage.run(row, media)["voice_uri"] == first


def test_lexicon_changes_what_is_said(media: Workspace) -> None:
    """Catches a lexicon that is read but not spoken."""
    plain = speak("Meet Kelvoro today.", media)
    other = speak("Meet Kelvoro today.", media, lexicon=(("Kelvoro", "/K EH1 L V AH0 R OW0/"),))
    said = [p["symbol"] for p in other["phonemes"]]
    assert said[3:9] == ["K", "EH", "L", "V", "ER", "OW"]
    assert plain["voice_uri"] != other["voice_uri"]
    with pytest.raises(ValueError, match="lexicon"):
        Speech(lexicon=(("Kel voro", "kel"),))


def test_longer_scripts_go_faster_then_are_refused(media: Workspace) -> None:
    """Catches a voice that runs over its end, and a refusal that says not what to do."""
    natural = speak(SCRIPT, media)["metrics"]["voice_seconds"]
    tight = natural
    row = speak(SCRIPT, media, length_s=tight)
    assert 1.0 < row["metrics"]["voice_speed"] <= 1.12
    assert row["words"][-1]["end_s"] <= tight - 0.35 + 1e-6
    with pytest.raises(
        Reject, match=r"script_too_long: .* s at speed 1.12.*3\.9 s: cut about \d+ of"
    ):
        speak(SCRIPT, media, length_s=4.5)
    with pytest.raises(Reject, match="script_too_long"):
        speak("word " * 5000, media)


def test_short_scripts_are_not_dragged(media: Workspace) -> None:
    """Catches a slogan stretched over 15 seconds."""
    row = speak("Buy it now. Love it for ever.", media)
    assert row["metrics"]["voice_speed"] == pytest.approx(0.9)
    gap_s = row["sentences"][1]["start_s"] - row["sentences"][0]["end_s"]
    assert 0.3 < gap_s < 0.6


@pytest.mark.parametrize(
    ("script", "language", "code"),
    [
        ("Hallo Welt.", "de-DE", "language_unsupported"),
        ("Hello.", None, "language_unsupported"),
        (" ✨ ", "en", "script_empty"),
        (None, "en", "script_empty"),
        ("Say Привет now.", "en", "word_unspeakable"),
    ],
)
def test_what_cannot_be_said_is_rejected(
    script: str | None, language: str | None, code: str, media: Workspace
) -> None:
    """Catches a crash, or an ad in which a word is silently missing."""
    stage = Speech()
    stage.load()
    with pytest.raises(Reject) as rejected:
        stage.run({"script": script, "language": language}, media)
    assert rejected.value.reason_code == code
    if code == "language_unsupported":
        assert "hibari (en)" in rejected.value.reason


@dataclass(kw_only=True)
class Beeps(SpeechEngine):
    """A voice of tones, 0.2 s a word, that counts each pause as part of the word before it."""

    name: ClassVar[str] = "beeps"
    version: ClassVar[str] = "1"
    languages: ClassVar[tuple[str, ...]] = ("en",)

    def load(self) -> None:
        """Nothing to load."""

    def speak(self, words: Sequence[SpokenWord], speed: float) -> Utterance:
        """See `SpeechEngine.speak`."""
        parts, timed = [np.zeros(8000, np.float32)], []
        at_s = 0.5
        for word in words:
            long_s, rest_s = 0.2 / speed, 0.3 if word.pause else 0.0
            beep = np.sin(2 * np.pi * 300 * np.arange(round(long_s * 16_000)) / 16_000)
            parts += [0.3 * beep.astype(np.float32), np.zeros(round(rest_s * 16_000), np.float32)]
            timed.append((TimedPhoneme("AA", 1, at_s, at_s + long_s + rest_s),))
            at_s += long_s + rest_s
        return Utterance(np.concatenate(parts), 16_000, tuple(timed))


def test_any_engine_is_settled_on_its_sound(media: Workspace) -> None:
    """Catches pauses of a loose engine left in its words, which would hold a mouth open."""
    row = speak("One two, three.", media, engine=Beeps(), speed_range=(1.0, 1.0))
    spans = [(word["start_s"] - 0.25, word["end_s"] - 0.25) for word in row["words"]]
    for found, true in zip(spans, [(0.0, 0.2), (0.2, 0.4), (0.7, 0.9)], strict=True):
        assert found == pytest.approx(true, abs=0.011)
    assert [p["symbol"] for p in row["phonemes"]] == ["AA", "AA", "SIL", "AA"]
    voice = sound.read_sound(media.open(row["voice_uri"]), RATE_HZ)
    assert sound.sounding_span(voice, RATE_HZ) == pytest.approx((0.25, 1.15), abs=0.02)


def test_embedded_voice_knows_its_graph() -> None:
    """Catches a new release of the voice whose durations are another tensor or unit."""
    voice = HibariVoice()
    voice.load()
    words = [SpokenWord("Hello"), SpokenWord("there", pause=".")]
    natural, fast = (voice.speak(words, speed) for speed in (1.0, 1.3))
    assert len(fast.samples) < 0.9 * len(natural.samples)
    for utterance in (natural, fast):
        length_s = len(utterance.samples) / utterance.rate_hz
        end_s = utterance.words[-1][-1].end_s
        assert 0.1 < utterance.words[0][0].start_s < end_s < length_s
        assert end_s > length_s - 0.5
    assert [p.symbol for p in natural.words[0]] == ["HH", "AH", "L", "OW"]
