"""What an install brings: Spotmill's dependencies and theirs, as installed in this environment."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


class NotInstalled(LookupError):
    """A distribution that is asked for is not in this environment; the message says which."""


def requirements(extras: Iterable[str] = ()) -> list[str]:
    """What pyproject.toml asks for by default, and for these extras (those of others resolved)."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    found = list(project["dependencies"])
    todo, seen = list(extras), set[str]()
    while todo:
        extra = todo.pop()
        if extra in seen:
            continue
        seen.add(extra)
        for line in project["optional-dependencies"][extra]:
            asked = Requirement(line)
            if asked.name == project["name"]:
                todo += sorted(asked.extras)
            else:
                found.append(line)
    return found


def closure(asked: Iterable[str]) -> dict[str, Distribution]:
    """Every distribution that these requirements bring, by name. Raises `NotInstalled`."""
    found: dict[str, Distribution] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    todo = [(Requirement(line), "") for line in asked]
    while todo:
        wanted, by = todo.pop()
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        name = canonicalize_name(wanted.name)
        if (name, key := frozenset(wanted.extras)) in done:
            continue
        done.add((name, key))
        try:
            there = distribution(wanted.name)
        except PackageNotFoundError:
            asks = f", which {by} asks for" if by else ""
            raise NotInstalled(f"{name}{asks} is not installed: make setup") from None
        found[name] = there
        todo += [(one, name) for one in _asks_for(there, wanted.extras)]
    return dict(sorted(found.items()))


def _asks_for(there: Distribution, extras: Iterable[str]) -> list[Requirement]:
    lines = [Requirement(line) for line in there.requires or ()]
    environments: list[Mapping[str, str]] = [{"extra": extra} for extra in ("", *extras)]
    found = []
    for one in lines:
        if one.marker is None or any(one.marker.evaluate(dict(e)) for e in environments):
            found.append(Requirement(str(one).partition(";")[0]))
    return found
