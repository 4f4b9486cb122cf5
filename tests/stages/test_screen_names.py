"""The name gate: found under disguise, quiet on plain products."""

from __future__ import annotations

import hashlib
import json

import pytest

from stages.shared.text_gate.folding import readings, skeleton, spelled_out
from stages.shared.text_gate.name_list import NameList
from stages.shared.text_gate.names import screen_names
from stages.shared.text_gate.people import read_names, scripts_of
from stages.shared.text_gate.text_gate import NAMES_FILE, shipped_names

NAMES = NameList([shipped_names()])

NAMED = [
    "Elon Musk loves it", "ELON MUSK", "elon\nmusk", "Elon-Musk's pick", "elon_musk", "@elonmusk",
    "E1on Mu5k", "3l0n mu$k", "Еlоn Мusk", "Εlon Μusk", "El\u200bon Mu\u2060sk", "𝐄𝐥𝐨𝐧 𝐌𝐮𝐬𝐤",
    "Ⓔⓛⓞⓝ Ⓜⓤⓢⓚ", "E̷l̷o̴n̵ M̸u̶s̴k̷", "buy e l o n m u s k now", "E.l.o.n M.u.s.k",
    "ᴇʟᴏɴ ᴍᴜꜱᴋ", "Ｅｌｏｎ Ｍｕｓｋ",
    "Илон Маск любит", "イーロン・マスク", "买埃隆马斯克推荐", "إيلون ماسك",
    "🅴🅻🅾🅽 🅼🆄🆂🅺", "El\u3164on Musk",
    "Donald J. Trump", "Joe B1den", "Jоe Вiden", "Tay1or Swift", "T@ylor Sw!ft", "Тауlог Ѕwіft",
    "Beyoncé's choice", "b3y0nc3", "J. K. Rowling", "jk rowling", "Opгah", "M̲i̲c̲h̲a̲e̲l̲ J̲o̲r̲d̲a̲n̲",
    "as worn by Zendaya", "习近平", "Владимир Путин", "Messi, Lionel or Lionel Messi",
]  # fmt: skip

MAYBE = [
    "Musk Elon", "Taylor Swfit", "tailor swift delivery", "Vladimir Poutin", "Kim Kardashain",
    "Scarlet Johansson", "Mark Zukerberg", "Elonn Musk", "Will Smith & Sons", "Emma Stone grey",
    "Tiger Woods polo", "Bad Bunny plush",
]  # fmt: skip

HARMLESS = [
    "musk perfume for men", "white musk eau de toilette", "trump card game", "donald duck toy",
    "swift delivery", "jordan almonds", "gates and fences", "bill your account", "cook book",
    "tim's cook set", "a prince in harry's castle", "king charles spaniel plush", "the weekend bag",
    "taylor made sofa", "steve's job list", "drake duck decoy", "jack mackerel", "mark the page",
    "larry the lamb", "black panther mask", "queen size bed", "adele dress", "madonna lily bulbs",
    "mercury glass vase", "bowie knife", "rock the party", "pink dress", "ellen table lamp",
    "einstein puzzle", "melon sorbet", "macron knob", "beckham hotel pillow", "a lamp by obam",
    "modus operandi", "harrison bed", "hanks of wool", "cruise shirt", "pitted olives", "depp red",
    "elon gated neck", "muskmelon", "putty", "put in the oven", "donald's trump card",
    "rihannon candle", "shack", "shakers", "merkelbach", "Oprahvox",
]  # fmt: skip


@pytest.mark.parametrize("text", NAMED)
def test_names_are_found_in_disguise(text: str) -> None:
    """Would catch a gate that a homoglyph, a digit or an invisible sign walks through."""
    matches = NAMES.find(f"So good. {text}, they say.")
    assert matches and matches[0].certain, matches


@pytest.mark.parametrize("text", MAYBE)
def test_what_only_resembles_a_name_is_for_a_person(text: str) -> None:
    """Would catch a misspelt name let through, and a plain phrase rejected as a name."""
    matches = NAMES.find(text)
    assert matches and not matches[0].certain, matches


def test_products_are_not_people() -> None:
    """Would catch a gate so eager that a catalogue of perfumes cannot be advertised."""
    wrong = {text: NAMES.find(text) for text in HARMLESS}
    assert {text: found for text, found in wrong.items() if found} == {}


def test_the_reason_quotes_the_words() -> None:
    """Would catch a rejection that its reader cannot find in the text."""
    listed, finding = screen_names(
        {"script": "fine", "tagline": "says Т\u0430уl\u043eг Ѕwіft!"}, NAMES
    )
    assert finding.reason_code == "public_figure" and finding.verdict.verdict == "block"
    assert "tagline" in finding.reason and "Т\u0430уl\u043eг Ѕwіft" in finding.reason
    assert 'reads "taylor swift"' in finding.verdict.evidence
    assert listed.verdict.verdict == "pass"
    digest = hashlib.sha256(NAMES_FILE.read_bytes()).hexdigest()[:16]
    for words in (digest, f"({len(NAMES.people)} names)", "script, tagline"):
        assert words in listed.verdict.evidence
    (alone,) = screen_names({"script": "fine"}, NAMES)
    assert alone.verdict.verdict == "pass"


def test_the_shipped_list_is_sound() -> None:
    """Would catch an entry that matches nothing, or a word so short that it matches everything."""
    people = json.loads(NAMES_FILE.read_text("utf-8"))["people"]
    read = {person.name: person for person in NAMES.people}
    assert len(people) >= 500
    assert len({person["name"] for person in people}) == len(people)
    for person in people:
        assert person["reason"] and person["source"]
        assert person["scripts"] == scripts_of(read[person["name"]]), person["name"]
        for alias in (person["name"], *person.get("aliases", [])):
            assert alias.strip() and len("".join(t.text for t in readings(alias)[0])) >= 3, alias
            assert NAMES.find(f"so {alias} says"), alias


def test_further_names() -> None:
    """Would catch an advertiser's own list that is read but not looked for."""
    own = '{"people": [{"name": "Zarbo Quillfeather", "aliases": ["the zarb"], "reason": "rival"}]}'
    names = NameList([read_names(own.encode(), "own.json")])
    assert names.find("as the Zarb says")[0].person.reason == "rival"
    for bad in ("[]", "{}", "no json", '{"people": [{"reason": "x"}]}'):
        with pytest.raises(ValueError, match=r"own\.json is no names file"):
            read_names(bad.encode(), "own.json")


def test_folding() -> None:
    """Would catch readings that multiply for plain text, which costs time on every spot."""
    assert len(readings("An ordinary mug for slow mornings")) == 1
    assert [t.text for t in readings("É1 (neu)!")[0]] == ["el", "neu"]
    word = readings("a Ⓜug")[0][1]
    assert (word.text, word.start, word.end) == ("mug", 2, 5)
    assert [t.text for t in spelled_out(readings("x m.u-s k, no")[0])] == ["xmusk"]
    assert skeleton("tailor") == skeleton("taylor") != skeleton("tiler")
