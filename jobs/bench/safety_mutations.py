"""Ways to hide a name from a list: each takes a name and a random generator, and gives a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from stages.shared.text_gate.people import Person

Mutation = Callable[[Person, Random], str | None]
"""None where the way does not apply to that person."""

_CYRILLIC = dict(zip("aceopxyABCEHKMOPTXijs", "асеорхуАВСЕНКМОРТХіјѕ", strict=True))
_GREEK = dict(zip("oavAuBEHIKMNOPTXYZ", "οανΑυΒΕΗΙΚΜΝΟΡΤΧΥΖ", strict=True))
_BY_SOUND = (
    ("sch", "ш"), ("tch", "ч"), ("sh", "ш"), ("ch", "ч"), ("ph", "ф"), ("th", "т"), ("ck", "к"),
    ("oo", "у"),
    ("ee", "и"), ("ge", "дж"), ("j", "дж"), ("ce", "се"), ("ci", "си"), ("c", "к"), ("q", "к"),
    ("x", "кс"),
    ("ya", "я"), ("yu", "ю"), ("a", "а"), ("b", "б"), ("d", "д"), ("e", "е"), ("f", "ф"), ("g",
    "г"), ("h", "х"),
    ("i", "и"), ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"), ("r",
    "р"), ("s", "с"),
    ("t", "т"), ("u", "у"), ("v", "в"), ("w", "у"), ("y", "и"), ("z", "з"),
)  # fmt: skip
"""Roughly as a newspaper would write a foreign name in Cyrillic."""
_LEET = {
    "a": "4@",
    "e": "3",
    "i": "1!",
    "o": "0",
    "s": "5$",
    "t": "7",
    "b": "8",
    "l": "1|",
    "g": "9",
}
_ACCENTS = {"a": "áàäâãå", "e": "éèëê", "i": "íìïî", "o": "óòöôõø", "u": "úùüû", "n": "ñń",
            "c": "çč",
            "s": "šś", "l": "ł", "z": "žż", "y": "ýÿ"}  # fmt: skip
_SMALL = dict(zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", strict=True))
_HIDDEN = "\u200b\u200c\u200d\u2060\u00ad\ufe0f\u034f\U000e0041"
_SOUNDS = (("ph", "f"), ("ck", "k"), ("i", "y"), ("y", "i"), ("k", "c"), ("z", "s"), ("ll", "l"),
           ("tt", "t"), ("ss", "s"), ("nn", "n"), ("j", "y"))  # fmt: skip


def _words(person: Person) -> list[str]:
    return person.name.split()


def _as_written(person: Person, random: Random) -> str:
    return random.choice([person.name, person.name.upper(), person.name.lower()])


def _alias(person: Person, random: Random) -> str | None:
    ways = [one for one in person.aliases if one.isascii()]
    return random.choice(ways) if ways else None


def _possessive_or_handle(person: Person, random: Random) -> str:
    joined = re.sub(r"[^A-Za-z]", "", person.name) if person.name.isascii() else person.name
    return random.choice(
        [f"{person.name}'s pick", f"{person.name}’s", f"@{joined.lower()}", f"#{joined}"]
    )


def _cyrillic_lookalikes(person: Person, random: Random) -> str | None:
    return _swapped(person.name, _CYRILLIC, random)


def _greek_lookalikes(person: Person, random: Random) -> str | None:
    return _swapped(person.name, _GREEK, random)


def _swapped(text: str, table: dict[str, str], random: Random) -> str | None:
    places = [n for n, char in enumerate(text) if char in table]
    if not places:
        return None
    chosen = set(random.sample(places, random.randint(1, len(places))))
    return "".join(table[char] if n in chosen else char for n, char in enumerate(text))


def _styled_letters(person: Person, random: Random) -> str:
    upper, lower = random.choice([(0x1D400, 0x1D41A), (0x1D468, 0x1D482), (0x1D5D4, 0x1D5EE),
                                  (0xFF21, 0xFF41), (0x24B6, 0x24D0), (0x1D670,
                                  0x1D68A)])  # fmt: skip
    return "".join(
        chr(upper + ord(c) - 65)
        if "A" <= c <= "Z"
        else chr(lower + ord(c) - 97)
        if "a" <= c <= "z"
        else c
        for c in person.name
    )


def _small_capitals(person: Person, random: Random) -> str:
    return "".join(_SMALL.get(char, char) for char in person.name.lower())


def _unseen_characters(person: Person, random: Random) -> str:
    return "".join(
        c + (random.choice(_HIDDEN) if random.random() < 0.5 else "") for c in person.name
    )


def _stacked_marks(person: Person, random: Random) -> str:
    return "".join(
        c + "".join(chr(random.randint(0x300, 0x36F)) for _ in range(random.randint(1, 3)))
        if c.isalpha()
        else c
        for c in person.name
    )


def _accents(person: Person, random: Random) -> str | None:
    return _swapped(person.name.lower(), {k: random.choice(v) for k, v in _ACCENTS.items()}, random)


def _leetspeak(person: Person, random: Random) -> str | None:
    return _swapped(person.name.lower(), {k: random.choice(v) for k, v in _LEET.items()}, random)


def _spaced_letters(person: Person, random: Random) -> str:
    gap = random.choice([" ", ".", "-", "_", " . "])
    return gap.join(char for char in person.name if char.isalnum())


def _joined_words(person: Person, random: Random) -> str | None:
    if len(_words(person)) < 2:
        return None
    joined = random.choice(["", "", "-", "_", ".", "/", "\n", "\u00a0"]).join(_words(person))
    return random.choice([joined, joined.lower(), joined.upper()])


def _split_words(person: Person, random: Random) -> str | None:
    parts = []
    for word in _words(person):
        cut = random.randint(2, len(word) - 2) if len(word) >= 4 else 0
        parts += [word[:cut], word[cut:]] if cut else [word]
    return (
        " ".join(parts) if len("".join(parts)) >= 8 and len(parts) > len(_words(person)) else None
    )


def _reordered(person: Person, random: Random) -> str | None:
    *first, last = _words(person)
    return (
        random.choice([f"{last}, {' '.join(first)}", f"{last} {' '.join(first)}"])
        if first
        else None
    )


def _initial(person: Person, random: Random) -> str | None:
    words = _words(person)
    if person.ambiguous or len(words) != 2 or len(words[1]) < 4 or len(words[0]) < 2:
        return None
    return f"{words[0][0]}. {words[1]}"


def _middle_initial(person: Person, random: Random) -> str | None:
    words = _words(person)
    letter = random.choice("ABCDEFGHJKLMNPRW")
    return f"{words[0]} {letter}{random.choice(['.', ''])} {words[1]}" if len(words) == 2 else None


def _one_letter_off(person: Person, random: Random) -> str | None:
    name = person.name
    if len(name) < 9:
        return None
    places = [n for n in range(1, len(name) - 1) if name[n - 1 : n + 2].isalpha()]
    at = random.choice(places)
    how = random.choice(["swap", "drop", "change", "double"])
    if how == "swap":
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    if how == "drop":
        return name[:at] + name[at + 1 :]
    return (
        name[:at]
        + (random.choice("aeiounrst") if how == "change" else name[at])
        + name[at + (how == "change") :]
    )


def _repeated_letters(person: Person, random: Random) -> str:
    at = random.sample(range(len(person.name)), 2)
    return "".join(c * (random.randint(2, 4) if n in at else 1) for n, c in enumerate(person.name))


def _sounds_alike(person: Person, random: Random) -> str | None:
    name = person.name.lower()
    ways = [pair for pair in _SOUNDS if pair[0] in name]
    if len(name) < 9 or not ways:
        return None
    for old, new in random.sample(ways, min(2, len(ways))):
        name = name.replace(old, new, 1)
    return name if name != person.name.lower() else None


def _starred(person: Person, random: Random) -> str | None:
    words, stars = [], 0
    for word in _words(person):
        places = [n for n in range(1, len(word) - 1) if word[n] in "aeiou"]
        at = random.choice(places) if places else -1
        stars += at > 0
        words.append(word[:at] + "*" + word[at + 1 :] if at > 0 else word)
    return " ".join(words) if stars and len(person.name) >= 8 else None


def _right_to_left(person: Person, random: Random) -> str:
    return "\u202e" + person.name[::-1] + "\u202c"


def _other_scripts(person: Person, random: Random) -> str | None:
    ways = [one for one in person.aliases if not one.isascii() and _foreign(one)]
    return random.choice(ways) if ways else None


def _foreign(text: str) -> bool:
    return sum(ord(char) >= 0x370 for char in text) * 2 > len(text)


def _in_cyrillic_by_sound(person: Person, random: Random) -> str | None:
    if not person.name.isascii() or len(person.name) < 9:
        return None
    name = person.name.lower()
    for letters, cyrillic in _BY_SOUND:
        name = name.replace(letters, cyrillic)
    return name


def _within_a_word(person: Person, random: Random) -> str | None:
    joined = re.sub(r"[^A-Za-z]", "", person.name)
    if len(joined) < 9 or len(_words(person)) < 2:
        return None
    return random.choice(
        [f"#Team{joined}", f"{joined.lower()}official", f"the{joined.lower()}shop"]
    )


def _entities(person: Person, random: Random) -> str:
    return "".join(f"&#{ord(c)};" if random.random() < 0.4 else c for c in person.name)


def _flags(person: Person, random: Random) -> str | None:
    if not person.name.isascii():
        return None
    return "".join(
        chr(0x1F1E6 + ord(c) - 65) if "A" <= c <= "Z" else c for c in person.name.upper()
    )


def _two_at_once(person: Person, random: Random) -> str | None:
    first, second = random.sample([_cyrillic_lookalikes, _unseen_characters, _stacked_marks,
                _leetspeak, _accents,
                                   _repeated_letters], 2)  # fmt: skip
    once = first(person, random)
    return once and second(Person(once, person.reason, ambiguous=person.ambiguous), random)


MUTATIONS: dict[str, Mutation] = {
    one.__name__.strip("_"): one
    for one in (
        _as_written, _alias, _possessive_or_handle, _cyrillic_lookalikes, _greek_lookalikes,
        _styled_letters,
        _small_capitals, _unseen_characters, _stacked_marks, _accents, _leetspeak,
        _spaced_letters, _joined_words,
        _split_words, _reordered, _initial, _middle_initial, _one_letter_off, _repeated_letters,
        _sounds_alike,
        _starred, _right_to_left, _other_scripts, _in_cyrillic_by_sound, _within_a_word,
        _entities, _flags, _two_at_once,
    )
}  # fmt: skip
