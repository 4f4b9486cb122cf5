"""What is heard in a finished mix: the script misheard is let be, anything else is not."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest

from stages.inspect.hearing import RATE_HZ, Ear, HeardWord
from stages.inspect.script_place import ScriptPlaces
from stages.inspect.word_errors import aligned
from stages.inspect.word_gates import WordGates
from stages.shared.sound import resample
from stages.shared.text_gate import Finding

SCRIPT = "Slow mornings deserve a better mug. Now only twenty four dollars and fifty cents."
SPOT = {
    "script": SCRIPT, "words": [], "title": "Stoneware Mug", "brand": "Tarnwick",
    "price": Decimal("24.50"), "regular_price": None, "currency": "USD", "language": "en-US",
}  # fmt: skip


@pytest.fixture(scope="module")
def gates() -> WordGates:
    """The shipped lists."""
    return WordGates.of(None, None, ("standard",), None)


@pytest.fixture(scope="module")
def spoken() -> Any:
    """Says a text, hears it, and hears it closely: all by the packaged models, over a chord."""
    from hibari import SAMPLE_RATE, Hibari

    voice, ear = Hibari(), Ear()

    @cache
    def _spoken(text: str) -> tuple[str, list[HeardWord]]:
        sound = resample(voice(text, seed=1), SAMPLE_RATE, RATE_HZ)
        time_s = np.arange(len(sound)) / RATE_HZ
        mix = sound + 0.01 * np.sin(2 * np.pi * 196 * time_s)
        return ear.words(mix.astype(np.float32)), ear.closely(mix.astype(np.float32))

    return _spoken


def stopped(found: list[Finding]) -> list[Finding]:
    """Those that stop a spot."""
    return [one for one in found if one.verdict.verdict != "pass"]


def judged(
    gates: WordGates, heard: str, again: str | None = None, sure: float = 0.9, **spot: Any
) -> list[Finding]:
    """Findings where those words are heard, and others (None: the same) the second time."""
    words = (heard if again is None else again).split()
    listened = [HeardWord(f" {word}", n, n + 0.4, sure) for n, word in enumerate(words)]
    return gates.heard({**SPOT, **spot}, heard, ["Tarnwick"], "en", lambda: listened)


def test_a_voice_that_says_its_script_is_heard_once(gates: WordGates, spoken: Any) -> None:
    """Would catch a gate that stops spots for nothing, or pays for a second listening each time."""
    heard, _ = spoken(SCRIPT)

    def never() -> list[HeardWord]:
        raise AssertionError("nothing was found, and nothing need be heard again")

    (only,) = gates.heard(SPOT, heard, ["Tarnwick"], "en", never)
    assert only.verdict.verdict == "pass" and only.verdict.gate == "inspect.speech"
    assert "words heard" in only.verdict.evidence and "sha256:" in only.verdict.evidence


def test_a_voice_that_says_something_else_is_blocked(gates: WordGates, spoken: Any) -> None:
    """Would catch a name and a claim that are in the mix and in no text that was screened."""
    said = "Slow mornings deserve a better mug. Elon Musk says it cures cancer. Now only forty."
    heard, closely = spoken(said)
    found = stopped(gates.heard(SPOT, heard, ["Tarnwick"], "en", lambda: closely))
    by = {one.verdict.gate: one for one in found if one.verdict.verdict == "block"}
    name, claim = by["inspect.speech.names"], by["inspect.speech.policy"]
    assert name.reason_code == "heard_public_figure" and "Elon Musk" in name.reason
    assert (name.verdict.column, name.verdict.span) == ("heard", "Elon Musk")
    assert name.verdict.at_s is not None and 2.0 < name.verdict.at_s < 4.5
    assert name.verdict.score is not None and name.verdict.threshold is not None
    assert name.verdict.threshold <= name.verdict.score <= 1
    assert claim.verdict.rule == "medical_claim" and claim.verdict.at_s > name.verdict.at_s


def test_another_price_than_the_script_has_is_held(gates: WordGates, spoken: Any) -> None:
    """Would catch a price that is said wrong: only numbers differ, and the words' error rate is
    far below its limit."""
    heard, closely = spoken(SCRIPT.replace("four dollars", "nine dollars"))
    (found,) = stopped(gates.heard(SPOT, heard, ["Tarnwick"], "en", lambda: closely))
    assert found.verdict.gate == "inspect.speech.price" and found.verdict.verdict == "review"
    assert "29" in (found.verdict.span or "") and "twenty four" in found.verdict.evidence


@pytest.mark.parametrize(
    ("script", "heard"),
    [
        ("A tailor's swift needle made it.", "A Taylor Swift needle made it."),
        ("Meet the mellow musk candle.", "Meet the Elon Musk candle."),
        ("It cares for dancers and runners.", "It cures cancers and runners."),
        ("Yours for twenty four fifty.", "Yours for $2450."),
        ("Yours for twenty four dollars and fifty cents.", "Yours for $24, $50."),
    ],
)
def test_a_script_that_is_misheard_is_not_blocked(
    gates: WordGates, script: str, heard: str
) -> None:
    """Would catch a spot that is thrown away for what the recogniser made of its own words."""
    found = judged(gates, heard, script, script=script)
    assert not stopped(found), [one.verdict for one in stopped(found)]
    twice = judged(gates, heard, script=script)
    assert all(one.verdict.verdict == "review" for one in stopped(twice)), "never a block"


def test_what_is_not_certain_is_for_a_person(gates: WordGates) -> None:
    """Would catch a block for words that were hardly heard, and a hold for what was not there."""
    said = f"{SCRIPT} Elon Musk drinks from it."
    assert stopped(judged(gates, said))[0].verdict.verdict == "block"
    unsure = stopped(judged(gates, said, sure=0.2))
    assert [one.verdict.verdict for one in unsure] == ["review"]
    once = stopped(judged(gates, said, SCRIPT))
    assert [one.verdict.verdict for one in once] == ["review"] and once[0].verdict.score is None
    near = f"{SCRIPT} Elen Musk drinks from it."
    assert [one.verdict.verdict for one in stopped(judged(gates, near))] == ["review"]
    assert not stopped(judged(gates, near, SCRIPT)), "one letter off, and not heard again"


def test_what_was_screened_is_not_asked_again(gates: WordGates) -> None:
    """Would catch a spot that is held anew for the words that a person has approved."""
    script = "The best mug for a will smith to hold."
    assert not stopped(judged(gates, script, script=script))
    assert stopped(judged(gates, f"{SCRIPT} Will Smith has one.")), "but only where it was"


def test_words_are_found_in_their_place() -> None:
    """Would catch evidence that quotes another part of the script, and times of another word."""
    got = ["slow", "mornings", "deserve", "taylor", "swift", "now"]
    places = aligned(["slow", "mornings", "deserve", "a", "better", "mug", "now"], got)
    assert places[0] == (0, 1) and places[-1] == (6, 7)
    assert places[3][0] >= 3 and places[4][1] <= 6
    words = [
        {"text": w, "spoken": w, "start_s": float(n), "end_s": n + 0.9}
        for n, w in enumerate(["slow", "mornings", "deserve", "a", "better", "mug", "now"])
    ]
    place = ScriptPlaces("", words, " ".join(got), (), "en").of("taylor swift")
    assert place.start_s in (3.0, 4.0) and place.likeness < 0.5 and not place.same_numbers


def test_the_numbers_of_the_place_count_and_no_others() -> None:
    """Would catch "forty" taken for the script's "forty hours", and "4" for a part of "24"."""
    script = "Runs forty hours on one charge and is yours today for only ninety nine dollars."

    def place(heard: str) -> bool:
        return ScriptPlaces(script, [], heard, (), "en").of("$40" if "$40" in heard else "$99")

    assert place("Runs 40 hours on one charge and is yours today for only $99.").same_numbers
    wrong = place("Runs 40 hours on one charge and is yours today for only $40.")
    assert not wrong.same_numbers
