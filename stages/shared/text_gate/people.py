"""People to look for, as a names file lists them: JSON or Parquet, known by its digest."""

from __future__ import annotations

import hashlib
import io
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

HEADS = ("head of state or government", "royalty", "politician or public official")
LEADERS = ("business leader",)


@dataclass(frozen=True)
class Person:
    """A public figure. An `ambiguous` name is also a brand's, many people's, or of plain words."""

    name: str
    reason: str
    aliases: tuple[str, ...] = ()
    ambiguous: bool = False
    source: str = ""
    unless: tuple[str, ...] = ()
    """Phrases that hold the name and mean something else: "merkel cell"."""
    brand: bool = False
    """Whether goods are sold under the name: then a product of that brand may bear it."""


@dataclass(frozen=True)
class NamesFile:
    """The people of one file; `sha256` is of its bytes."""

    place: str
    sha256: str
    people: tuple[Person, ...]

    def __str__(self) -> str:
        name = self.place.rpartition("/")[2]
        return f"{name} sha256:{self.sha256[:16]} ({len(self.people)} names)"


def read_names(content: bytes, place: str) -> NamesFile:
    """A names file: JSON ({"people": [{"name", "aliases", "scripts", "reason", "source",
    "ambiguous", "unless", "brand"}, ...]}; only the name must be there), or Parquet with these
    columns.

    Raises `ValueError` naming `place` where the file has another shape.
    """
    try:
        if content[:4] == b"PAR1":
            entries: Iterable[Any] = pq.read_table(io.BytesIO(content)).to_pylist()
        else:
            entries = json.loads(content.decode("utf-8-sig"))["people"]
        people = tuple(_person(entry) for entry in entries)
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise ValueError(
            f"{place} is no names file ({error!r}); write"
            ' {"people": [{"name": "...", "aliases": ["..."], "reason": "...", "source": "..."}]},'
            " or Parquet with these columns"
        ) from None
    return NamesFile(place, hashlib.sha256(content).hexdigest(), people)


def _person(entry: Mapping[str, Any]) -> Person:
    name = " ".join(str(entry["name"] or "").split())
    if sum(char.isalnum() for char in name) < 2:
        raise ValueError(f"wrong entry {entry}")
    return Person(
        name=name,
        reason=str(entry.get("reason") or "public figure"),
        aliases=_texts(entry, "aliases"),
        ambiguous=bool(entry.get("ambiguous") or False),
        source=str(entry.get("source") or ""),
        unless=_texts(entry, "unless"),
        brand=bool(entry.get("brand") or False),
    )


def _texts(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = entry.get(key)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise ValueError(f"{key} of {entry['name']!r} is no list of texts")
    return tuple(text for text in found if text.strip())


def scripts_of(person: Person) -> list[str]:
    """Scripts of a person's names as Unicode names them, in order: ["Cyrillic", "Latin"]."""
    letters = "".join((person.name, *person.aliases))
    return sorted({_script(char) for char in letters if char.isalpha()})


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "UNKNOWN").split()[0]
    return {"CJK": "Han", "IDEOGRAPHIC": "Han", "KATAKANA-HIRAGANA": "Katakana"}.get(
        name, name.capitalize()
    )
