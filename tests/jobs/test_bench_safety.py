"""The benchmark of the text gate: its targets hold, its set is honest, its figures are of it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.bench.safety import Answer, in_words, lines, measure_texts, write_answers
from jobs.bench.safety_mutations import MUTATIONS
from jobs.bench.safety_plot import plot_safety
from jobs.bench.safety_set import BENIGN, WORDS, cases
from jobs.bench.safety_speech import measure_speech, speech_in_words, voiced, write_heard
from stages.shared.picture import read_picture
from stages.shared.text_gate.people import Person
from stages.shared.text_gate.text_gate import shipped_names


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    """The report's seed, with each 24th of the people."""
    return measure_texts(2, every=24)


def test_the_targets_hold(answers: list[Answer]) -> None:
    """Would catch a change of rules or folding that lets hidden names by or stops plain goods."""
    by = {(line.part, line.kind): line for line in lines(answers)}
    assert by["names", "in all"].caught >= 98 and by["names", "in all"].texts > 900
    plain = by["benign", "in all"]
    assert plain.texts == BENIGN
    assert plain.blocked <= 0.2 and plain.caught - plain.blocked <= 1
    assert by["policy", "in all"].caught >= 95 and by["policy_near", "in all"].caught <= 3
    assert by["price", "in all"].caught >= 98 and by["price_true", "in all"].caught <= 1
    assert sum(answer.ms for answer in answers) / len(answers) < 2


def test_the_seeds_share_no_words_but_names() -> None:
    """Would catch figures reported on the very texts that the rules were tuned on."""
    people = shipped_names().people[::100]
    tuned, reported = cases(1, people), cases(2, people)
    for part, kinds in (("benign", {"trap"}), ("policy", None), ("policy_near", None)):
        one, other = (
            {c.text for c in seed if c.part == part and (kinds is None or c.kind in kinds)}
            for seed in (tuned, reported)
        )
        assert one and other and not one & other
    assert cases(2, people) == reported
    assert len(MUTATIONS) >= 12 and len(WORDS["traps"]) > 100


def test_mutations_hide_and_do_not_change_the_name() -> None:
    """Would catch a way of hiding that hides nothing, or that makes another name of it."""
    from random import Random

    person = Person("Taylor Swift", "musician", aliases=("тейлор свифт",))
    plain = ("as_written", "alias", "possessive_or_handle", "joined_words")
    for kind, mutation in MUTATIONS.items():
        made = {mutation(person, Random(n)) for n in range(20)} - {None}
        assert kind == "alias" or made, kind
        if kind not in plain:
            assert "Taylor Swift" not in made, kind
    assert MUTATIONS["right_to_left"](person, Random(1)) == "\u202etfiwS rolyaT\u202c"


def test_the_set_is_written_with_its_answers(answers: list[Answer], tmp_path: Path) -> None:
    """Would catch a table that nobody can go through, or a plot of nothing."""
    write_answers(answers, tmp_path / "safety.csv")
    with (tmp_path / "safety.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == [answer.case.text for answer in answers]
    wrong = [row for row in rows if row["right"] == "False"]
    assert len(wrong) == sum(not answer.is_right for answer in answers)
    plot_safety(answers, lines(answers), tmp_path / "safety.png")
    assert read_picture(tmp_path / "safety.png").std() > 10
    assert "seed 2" in in_words(answers, 2)


def test_a_gate_that_finds_nothing_fails_the_figures(answers: list[Answer]) -> None:
    """Would catch a table that is good whatever the gate says."""
    blind = [replace(answer, verdict="pass") for answer in answers]
    assert {line.caught for line in lines(blind)} == {0.0}
    assert not any(answer.is_right for answer in blind if answer.case.expected == "stop")


def test_voices_say_their_script_or_something_else(tmp_path: Path) -> None:
    """Would catch a set that changes between two runs, a voice put in that says the script after
    all, and a table that counts a stopped voice as let by."""
    made = voiced(2, 24)
    assert made == voiced(2, 24) and made[8:] != voiced(3, 24)[8:]
    assert {case.kind for case in made} == {"demo", "plain", "trap", "name", "claim", "price"}
    assert all((case.said == case.script) == (case.kind in ("demo", "plain", "trap"))
               for case in made)  # fmt: skip
    few = [next(case for case in made if case.kind == kind) for kind in ("plain", "price")]
    found = measure_speech(few)
    assert [one.verdict for one in found] == ["pass", "review"]
    said = speech_in_words(found)
    assert "plain: 1 voices, 0 blocked, 0 held; 1 within the word error rate, 1 of" in said
    assert "price: 1 voices, 0 blocked, 1 held; 1 within the word error rate, 0 of" in said
    write_heard(found, tmp_path / "heard.csv")
    with (tmp_path / "heard.csv").open(encoding="utf-8", newline="") as file:
        assert [row["verdict"] for row in csv.DictReader(file)] == ["pass", "review"]
