"""Policy gate: words that an advert may not say, by class, from a file of rules and profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ahocorasick_rs import AhoCorasick

from stages.base import Verdict
from stages.shared.text_gate.finding import Finding, passed
from stages.shared.text_gate.folding import Reading, readings, shown, written
from stages.shared.text_gate.phrases import Phrase
from stages.shared.text_gate.rules import STRICTNESS, Rule, Rules

STANDARD = ("standard",)


class Policy:
    """Rules made ready to scan texts, under one profile or the strictest of several."""

    def __init__(self, rules: Rules, profiles: Sequence[str] = STANDARD) -> None:
        """Raises `ValueError` for a profile that the rules don't have."""
        self.profiles = tuple(profiles)
        self.rules = tuple(under(rules, profiles))
        self._phrases: list[tuple[int, Phrase]] = []
        for number, rule in enumerate(self.rules):
            if rule.severity != "allow":
                self._phrases += [(number, Phrase(words, rules.lists)) for words in rule.words]
        self._unless = [[Phrase(words, rules.lists) for words in r.unless] for r in self.rules]
        anchors = [phrase.anchor for _, phrase in self._phrases]
        self._anchors = AhoCorasick(anchors) if anchors else None

    def find(self, text: str) -> list[tuple[Rule, str]]:
        """(rule, the words of the text that it forbids), in the order of the rules."""
        found: dict[int, str] = {}
        text = shown(text)
        seen = set[str]()
        for reading in (written(text), *readings(text)):
            plain = " ".join(token.text for token in reading)
            if plain in seen:
                continue
            seen.add(plain)
            for number, (start, end) in self._hits(plain).items():
                found.setdefault(number, _original(text, reading, plain, start, end))
        return [(self.rules[number], found[number]) for number in sorted(found)]

    def _hits(self, plain: str) -> dict[int, tuple[int, int]]:
        """Per rule the first of its phrases, and of those that start there the longest."""
        if self._anchors is None:
            return {}
        haystack, best = f" {plain} ", dict[int, tuple[int, int]]()
        asked = {hit[0] for hit in self._anchors.find_matches_as_indexes(haystack, True)}
        for number, phrase in (self._phrases[which] for which in sorted(asked)):
            harmless = [span for unless in self._unless[number] for span in unless.spans(plain)]
            for start, end in phrase.spans(plain):
                if any(a < end and start < b for a, b in harmless):
                    continue
                there = best.get(number)
                if there is None or (start, -end) < (there[0], -there[1]):
                    best[number] = (start, end)
                break
        return best


def under(rules: Rules, profiles: Sequence[str]) -> Iterable[Rule]:
    """The rules with their severities under the strictest of the profiles."""
    for name in profiles:
        if name not in rules.profiles:
            known = ", ".join(rules.profiles)
            raise ValueError(f"there is no profile {name!r}; known are {known}")
    for rule in rules.rules:
        asked = {
            name: rules.profiles[name].get(
                rule.id, rules.profiles[name].get(rule.policy_class, rule.severity)
            )
            for name in profiles
        }
        strictest = max(asked.values(), key=STRICTNESS.index, default=rule.severity)
        whose = tuple(name for name, severity in asked.items() if severity == strictest)
        gated = "age-gate" in asked.values()
        yield replace(rule, severity=strictest, profiles=whose, age_gated=gated)


def _original(text: str, reading: Reading, plain: str, start: int, end: int) -> str:
    first, last = plain.count(" ", 0, start), plain.count(" ", 0, end)
    return text[reading[first].start : reading[last].end]


def screen_policy(texts: Mapping[str, str], policy: Policy, stage: str = "screen") -> list[Finding]:
    """Findings of the policy gate over the named texts of a spot: at least one."""
    gate, findings = f"{stage}.policy", list[Finding]()
    for column, text in texts.items():
        for rule, said in policy.find(text):
            code = f"policy_{rule.policy_class}"
            by = "" if rule.profiles == STANDARD else f" ({', '.join(rule.profiles)})"
            evidence = f'{column}: "{said}". {rule.rationale}{by}'
            if rule.age_gated:
                adults = Verdict(
                    gate, rule.policy_class, "age_gate", evidence, column=column, span=said
                )
                findings.append(Finding(adults, code, about=rule.id))
            if rule.severity in ("block", "review"):
                verdict = Verdict(
                    gate, rule.policy_class, rule.severity, evidence, column=column, span=said
                )
                fix = "take it out" if rule.severity == "block" else "a person should decide"
                reason = f'The {column} says "{said}": {rule.rationale} Please {fix}.'
                if rule.severity == "review":
                    reason = f'The {column} says "{said}"; {fix}. {rule.rationale}'
                findings.append(Finding(verdict, code, reason, rule.id))
    looked = f"{len(policy.rules)} rules, {' and '.join(policy.profiles)}, in {', '.join(texts)}"
    return findings or [passed(gate, "all", looked)]
