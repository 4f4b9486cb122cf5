"""Policy gate: words that an advert may not say, by class, from a file of rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from stages.base import Verdict
from stages.shared.text_gate.finding import Finding, passed
from stages.shared.text_gate.folding import Reading, readings, written

GATE = "screen.policy"
_NUMBER = (
    "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty"
    "|fifty|sixty|seventy|eighty|ninety|hundred|thousand)"
)


@dataclass(frozen=True)
class Rule:
    """One class of words. `severity` is "block" or "review"."""

    policy_class: str
    severity: str
    words: tuple[str, ...]
    unless: tuple[str, ...]
    rationale: str


def read_rules(content: str, place: str) -> list[Rule]:
    """Rules of a policy file, YAML or JSON, in the shape of the shipped policy.yaml.

    Raises `ValueError` naming `place` and the entry that is wrong.
    """
    try:
        entries = yaml.safe_load(content)["rules"]
        return [_rule(entry) for entry in entries]
    except (yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{place} is no policy file ({error!r}); write rules with class, severity (block or"
            " review) and words"
        ) from None


def _rule(entry: Mapping[str, Any]) -> Rule:
    rule = Rule(
        policy_class=str(entry["class"]),
        severity=str(entry["severity"]),
        words=tuple(str(word) for word in entry["words"]),
        unless=tuple(str(word) for word in entry.get("unless") or ()),
        rationale=str(entry.get("rationale", "")),
    )
    if not re.fullmatch(r"[a-z][a-z0-9_]*", rule.policy_class):
        raise ValueError(f"class {rule.policy_class!r} is not a snake_case word")
    if rule.severity not in ("block", "review") or not rule.words:
        raise ValueError(f"class {rule.policy_class} needs severity block or review, and words")
    return rule


class Policy:
    """Rules made ready to scan texts."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._patterns = [
            (rule, _pattern(rule.words), _pattern(rule.unless)) for rule in self.rules
        ]

    def find(self, text: str) -> list[tuple[Rule, str]]:
        """(rule, the words of the text that it forbids), in the order of the rules."""
        found: dict[Rule, str] = {}
        for reading in (written(text), *readings(text)):
            plain = " ".join(token.text for token in reading)
            for rule, words, unless in self._patterns:
                match = _first(words, unless, plain)
                if match is not None:
                    found.setdefault(rule, _original(text, reading, plain, match))
        return [(rule, found[rule]) for rule in self.rules if rule in found]


def _first(words: re.Pattern[str], unless: re.Pattern[str], plain: str) -> re.Match[str] | None:
    harmless = [match.span() for match in unless.finditer(plain)]
    for match in words.finditer(plain):
        if not any(start < match.end() and match.start() < end for start, end in harmless):
            return match
    return None


def _original(text: str, reading: Reading, plain: str, match: re.Match[str]) -> str:
    first = plain.count(" ", 0, match.start())
    last = plain.count(" ", 0, match.end())
    return text[reading[first].start : reading[last].end]


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    alternatives = [" ".join(_word(word) for word in phrase.lower().split()) for phrase in phrases]
    # Longest first, so that the evidence quotes as much as was said.
    alternatives.sort(key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(alternatives) or '(?!)'})(?!\S)")


def _word(word: str) -> str:
    if word == "<n>":
        return rf"(?:\d+(?: \d+)*|{_NUMBER}(?: {_NUMBER})*)"
    if word == "_":
        return r"\S+"
    return re.escape(word[:-1]) + r"\S*" if word.endswith("*") else re.escape(word)


def screen_policy(texts: Mapping[str, str], policy: Policy) -> list[Finding]:
    """Findings of the policy gate over the named texts of a spot: at least one."""
    findings = []
    for column, text in texts.items():
        for rule, said in policy.find(text):
            code = f"policy_{rule.policy_class}"
            evidence = f'{column}: "{said}". {rule.rationale}'
            verdict = Verdict(GATE, rule.policy_class, rule.severity, evidence)
            fix = "take it out" if rule.severity == "block" else "a person should decide"
            reason = f'The {column} says "{said}": {rule.rationale} Please {fix}.'
            if rule.severity == "review":
                reason = f'The {column} says "{said}"; {fix}. {rule.rationale}'
            findings.append(Finding(verdict, code, reason))
    return findings or [passed(GATE, "all", f"{len(policy.rules)} rules, in {', '.join(texts)}")]
