"""Folding and number words, over many made-up texts: what must hold for every one of them."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest
from unicode_rbnf import RbnfEngine

from stages.shared.text_gate.folding import consonants, readings, shown, skeleton, written
from stages.shared.text_gate.misspelt import is_one_edit
from stages.shared.text_gate.number_words import LANGUAGES, figures

ALPHABETS = [
    "abcXYZ 019.,!@$|*-'", "éüßøłñŞ ", "абвгдежзиклмнопрст ", "αβγδελμ ", "אבגדה ", "ابتثج ",
    "𝐄𝐥𝐨𝐧Ⓔⓛ🅴ＥＬ ", "\u200b\u2060\ufe0f\u034f\U000e0041\u0301\u0336 ", "一二三中文カナ한글 ",
    "&#;\u202e\u202c\n\t", "🇪🇱🇴🇳😀",
]  # fmt: skip


def texts(count: int = 400) -> list[str]:
    """Made-up texts of every alphabet and of several at once."""
    random = Random(7)
    return [
        "".join(
            random.choice(random.choice(random.sample(ALPHABETS, 3)))
            for _ in range(random.randint(0, 40))
        )
        for _ in range(count)
    ]


def test_folding_never_fails_and_is_plain() -> None:
    """Would catch a sign that crashes a run, or a word that no list can hold."""
    for text in texts():
        for reading in (*readings(text), written(text)):
            for token in reading:
                assert (
                    token.text.isascii()
                    and token.text.isalnum()
                    and token.text.islower() | (token.text.isdigit())
                )
                assert 0 <= token.start < token.end <= len(text)


def test_folding_twice_is_folding_once() -> None:
    """Would catch a list whose entries, once folded, are no longer found in a folded text."""
    for text in texts():
        for reading in readings(text):
            plain = " ".join(token.text for token in reading)
            words = plain.split()
            assert [token.text for token in readings(plain)[0]] == words
            assert [skeleton(skeleton(word)) for word in words] == [skeleton(w) for w in words]
        once = shown(text).replace("&", "")
        assert shown(once) == once


def test_plain_words_fold_to_themselves() -> None:
    """Would catch an ordinary text that is read in other words than its own."""
    random = Random(3)
    for _ in range(200):
        words = ["".join(random.choices("abcdefghij", k=random.randint(2, 9))) for _ in range(5)]
        (reading,) = readings(" ".join(words))
        assert [token.text for token in reading] == words


def test_unseen_signs_change_nothing() -> None:
    """Would catch an invisible sign that parts a word in two."""
    signs = "\u200b\u200c\u200d\u2060\u00ad\ufeff\ufe0f\u034f\U000e0041\u0301\u20e3"
    want = [t.text for t in readings("elon musk")[0]]
    for sign in signs:
        hidden = sign.join("elon") + " " + sign.join("musk")
        assert [t.text for t in readings(hidden)[0]] == want, unicodedata.name(sign, hex(ord(sign)))


def test_backwards_and_entities_are_read_as_shown() -> None:
    """Would catch a name that only a browser or a bidi renderer puts together."""
    assert shown("a \u202eksuM nolE\u202c b") == "a Elon Musk b"
    assert shown("E&#108;on &Mu&#x73;k") == "Elon &Musk"


def test_ear_and_eye() -> None:
    """Would catch a fold so coarse that other names fall together, or so fine that none does."""
    for one, other in [("tailor", "taylor"), ("katty", "caty"), ("phil", "fil"), ("maxx", "maks")]:
        assert skeleton(one) == skeleton(other)
    for one, other in [("musk", "mask"), ("cook", "cuck"), ("trump", "tramp")]:
        assert skeleton(one) != skeleton(other)
    assert consonants("snouden") == consonants("snowden") != consonants("snyder")


def test_one_edit_is_symmetric() -> None:
    """Would catch a misspelling found one way round only."""
    random = Random(5)
    for _ in range(500):
        one = "".join(random.choices("abc", k=random.randint(1, 5)))
        other = "".join(random.choices("abc", k=random.randint(1, 5)))
        assert is_one_edit(one, other) == is_one_edit(other, one), (one, other)
        assert not is_one_edit(one, one)


@pytest.mark.parametrize("language", LANGUAGES)
def test_number_words_become_digits(language: str) -> None:
    """Would catch a price in words that the gate cannot read, in any of the languages."""
    words = RbnfEngine.for_language(language)
    for number in [*range(11, 200, 7), 249, 999, 1299]:
        said = words.format_number(number).text.replace("\u00ad", "")
        found = figures(f"x, {said} euro!", language)
        assert found.text == f"x, {number} euro!", said
        start = found.text.index(str(number))
        end = start + len(str(number))
        assert found.original(f"x, {said} euro!", start, end) == said


def test_articles_are_no_numbers() -> None:
    """Would catch "un" taken for a price, or "pour cent" for a hundred."""
    assert figures("un vélo pour cent ans", "fr").text == "un vélo pour cent ans"
    assert figures("un euro, cent euros", "fr").text == "1 euro, 100 euros"
    assert figures("once upon a time", "en").text == "once upon a time"
    assert figures("cuarenta y nueve con noventa y nueve euros", "es").text == "49,99 euros"
