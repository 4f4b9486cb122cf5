"""Rules of a policy file: classes of words, their severities, and what platforms make of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from stages.shared.text_gate.phrases import Phrase

STRICTNESS = ("allow", "age-gate", "review", "block")
"""Severities, the mildest first."""
BY_DEFAULT: Mapping[str, Mapping[str, str]] = {"standard": {}}


@dataclass(frozen=True)
class Rule:
    """One class of words and its severity, one of `STRICTNESS`."""

    policy_class: str
    severity: str
    words: tuple[str, ...]
    unless: tuple[str, ...]
    rationale: str
    id: str = ""
    profiles: tuple[str, ...] = ()
    """Those that ask for this severity."""
    age_gated: bool = False
    """Whether one of the profiles shows it to adults only."""


@dataclass(frozen=True)
class Rules:
    """A policy file: rules, lists that their words name, profiles ({class or id: severity})."""

    rules: tuple[Rule, ...]
    profiles: Mapping[str, Mapping[str, str]]
    lists: Mapping[str, tuple[str, ...]]


def read_rules(content: str, place: str) -> Rules:
    """A policy file, YAML or JSON, in the shape of the shipped policy.yaml.

    Raises `ValueError` naming `place` and the entry that is wrong.
    """
    try:
        raw = yaml.safe_load(content)
        lists = {
            str(name): tuple(str(way) for way in ways)
            for name, ways in (raw.get("lists") or {}).items()
        }
        rules = tuple(_rule(entry, lists) for entry in raw["rules"])
        profiles = {"standard": {}, **_profiles(raw.get("profiles"), rules)}
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{place} is no policy file ({error!r}); write rules with class, severity"
            f" ({', '.join(reversed(STRICTNESS))}) and words"
        ) from None
    return Rules(rules, profiles, lists)


def _rule(entry: Mapping[str, Any], lists: Mapping[str, tuple[str, ...]]) -> Rule:
    rule = Rule(
        policy_class=str(entry["class"]),
        severity=str(entry["severity"]),
        words=tuple(str(word) for word in entry["words"]),
        unless=tuple(str(word) for word in entry.get("unless") or ()),
        rationale=str(entry.get("rationale", "")),
        id=str(entry.get("id") or entry["class"]),
    )
    if not re.fullmatch(r"[a-z][a-z0-9_]*", rule.policy_class):
        raise ValueError(f"class {rule.policy_class!r} is not a snake_case word")
    if rule.severity not in STRICTNESS or not rule.words:
        known = ", ".join(reversed(STRICTNESS))
        raise ValueError(f"class {rule.policy_class} needs a severity of {known}, and words")
    for words in (*rule.words, *rule.unless):
        Phrase(words, lists)
    return rule


def _profiles(raw: Any, rules: tuple[Rule, ...]) -> dict[str, Mapping[str, str]]:
    known = {rule.policy_class for rule in rules} | {rule.id for rule in rules}
    profiles: dict[str, Mapping[str, str]] = {}
    for name, classes in (raw or {}).items():
        for which, severity in (classes or {}).items():
            if which not in known or severity not in STRICTNESS:
                raise ValueError(f"profile {name}: {which}: {severity} is no class and severity")
        profiles[str(name)] = dict(classes or {})
    return profiles
