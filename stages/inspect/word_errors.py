"""Word error rate between what was to be said and what was heard."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = (
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_LONGEST = 3
"""A name is heard as up to this many words: "Tarnwick" as "tarn wick"."""
_LIKE = 0.55
"""Similarity (1 less the edit distance per letter) from which a name counts as understood."""


def word_error_rate(
    said: str, heard: str, names: Collection[str] = (), language: str = "en"
) -> float:
    """Substituted, left out and added words per word of `said`: 0.0 is perfect.

    Numbers, prices and percentages are compared as spoken. `names` are brand words: a recogniser
    can't know their spelling, so what sounds like one, in up to three words, is right. Words
    written together or apart ("dish washer") are no error. Levenshtein distance by words.
    """
    wanted, got = spoken_words(said, language), spoken_words(heard, language)
    if not wanted:
        return float(bool(got))
    return _costs(wanted, got, _known(names, language))[0][-1][-1] / len(wanted)


def aligned(
    wanted: Sequence[str], got: Sequence[str], names: Collection[str] = (), language: str = "en"
) -> list[tuple[int, int]]:
    """For each word of `got` the first and end of the words of `wanted` that stand there, by the
    path of `word_error_rate`; both the same for a word that was added. Words as `spoken_words`
    gives them."""
    _, ways = _costs(wanted, got, _known(names, language))
    places = [(0, 0)] * len(got)
    i, j = len(wanted), len(got)
    while (i, j) != (0, 0):
        to_i, to_j = ways[i][j]
        for word in range(to_j, j):
            places[word] = (to_i, i)
        i, j = to_i, to_j
    return places


def _known(names: Collection[str], language: str) -> Collection[tuple[str, ...]]:
    whole = {tuple(spoken_words(name, language)) for name in names}
    return whole | {(word,) for name in whole for word in name}


Places = list[list[tuple[int, int]]]


def _costs(
    wanted: Sequence[str], got: Sequence[str], known: Collection[tuple[str, ...]]
) -> tuple[list[list[float]], Places]:
    """(least cost of each pair of beginnings, the shorter pair that it comes from)."""
    costs = [[0.0] * (len(got) + 1) for _ in range(len(wanted) + 1)]
    ways = [[(0, 0)] * (len(got) + 1) for _ in range(len(wanted) + 1)]
    for i in range(len(wanted) + 1):
        for j in range(len(got) + 1):
            if i == j == 0:
                continue
            choices = []
            if i and j:
                cost = costs[i - 1][j - 1] + (wanted[i - 1] != got[j - 1])
                choices.append((cost, (i - 1, j - 1)))
            choices += _joined(costs, wanted, got, known, i, j)
            if i:
                choices.append((costs[i - 1][j] + 1, (i - 1, j)))
            if j:
                choices.append((costs[i][j - 1] + 1, (i, j - 1)))
            costs[i][j], ways[i][j] = min(choices, key=lambda choice: choice[0])
    return costs, ways


def _joined(
    costs: list[list[float]], wanted: Sequence[str], got: Sequence[str],
    known: Collection[tuple[str, ...]], i: int, j: int,
) -> list[tuple[float, tuple[int, int]]]:  # fmt: skip
    """Costs of taking several words on one side for one on the other, or for a name."""
    choices = []
    for n in range(1, min(_LONGEST, j) + 1 if i else 1):
        heard = "".join(got[j - n : j])
        if heard == wanted[i - 1]:
            choices.append((costs[i - 1][j - n], (i - 1, j - n)))
        for m in range(1, min(_LONGEST, i) + 1):
            name = tuple(wanted[i - m : i])
            if name in known and likeness(heard, "".join(name)) >= _LIKE:
                choices.append((costs[i - m][j - n], (i - m, j - n)))
    for n in range(2, min(_LONGEST, i) + 1):
        if j and "".join(wanted[i - n : i]) == got[j - 1]:
            choices.append((costs[i - n][j - 1], (i - n, j - 1)))
    return choices


def likeness(a: str, b: str) -> float:
    """How alike two words sound, 0 to 1: one less the edits per letter of their rough sounds."""
    a, b = _sound(a), _sound(b)
    return 1 - _distance(a, b) / max(len(a), len(b), 1)


def _sound(word: str) -> str:
    """A rough spelling by sound, in which letters that English speaks alike are one."""
    pairs = ("ph", "f"), ("ck", "k"), ("qu", "kw"), ("wh", "w"), ("c", "k"), ("q", "k"), ("z", "s")
    for spelled, sound in (*pairs, ("x", "ks"), ("y", "i"), ("v", "f")):
        word = word.replace(spelled, sound)
    return re.sub(r"(.)\1+", r"\1", word)


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (letter != other))
    return row[-1]


def spoken_words(text: str, language: str = "en") -> list[str]:
    """Lower-case words as spoken, without punctuation: "$24.50" is twenty four dollars fifty."""
    if language != "en":
        return _spoken_abroad(text, language)
    text = text.lower().replace("’", "'").replace("&", " and ")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"([$€£])(\d+)(?:\.(\d\d))?", _price, text)
    text = text.replace("%", " percent ")
    text = re.sub(r"(\d+)\.(\d+)", r"\1 point \2", text)
    text = re.sub(r"\d+", lambda found: f" {number_words(int(found[0]))} ", text)
    text = re.sub(r"[^\w' ]+", " ", text)
    return [word.replace("'", "") for word in text.split() if word.strip("'")]


def _price(found: re.Match[str]) -> str:
    unit = {"$": "dollars", "€": "euros", "£": "pounds"}[found[1]]
    cents = f" {int(found[3])}" if found[3] and int(found[3]) else ""
    return f" {found[2]} {unit}{cents} "


def number_words(number: int) -> str:
    """A whole number from 0 to 999,999 in English words; larger ones digit by digit."""
    if number < 20:
        return _UNITS[number]
    if number < 100:
        return (_TENS[number // 10] + " " + (_UNITS[number % 10] if number % 10 else "")).strip()
    for size, word in ((1000, "thousand"), (100, "hundred")):
        if size <= number < size * 1000:
            rest = number_words(number % size) if number % size else ""
            return f"{number_words(number // size)} {word} {rest}".strip()
    return " ".join(_UNITS[int(digit)] for digit in str(number))


def _spoken_abroad(text: str, language: str) -> list[str]:
    """In another language: numbers in words by Unicode CLDR, a sign of money as its name."""
    from unicode_rbnf import RbnfEngine

    numbers = RbnfEngine.for_language(language)

    def words_of(found: re.Match[str]) -> str:
        said = numbers.format_number(int(found[0])).text_by_ruleset["spellout-numbering"]
        return f" {said.replace(chr(0xAD), '')} "

    text = re.sub(r"(?<=\d)[.\s](?=\d{3}\b)", "", text.lower())
    text = re.sub(r"([$€£])\s?([\d.,]*\d)", r"\2 \1", text)  # the sign behind the number
    text = re.sub(r"(\d+)[.,](\d\d)\s?([$€£])", r"\1 \3 \2", text)
    text = text.replace("€", " euros " if language != "it" else " euro ")
    text = re.sub(r"\d+", words_of, text)
    return [word for word in re.sub(r"[^\w]+", " ", text).split() if word]
