"""TextGate: what the texts of a spot say, checked for names, policy, prices, and by a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from stages.shared.text_gate.finding import Finding
from stages.shared.text_gate.judge import TextJudge, screen_judged
from stages.shared.text_gate.name_list import NameList
from stages.shared.text_gate.names import screen_names
from stages.shared.text_gate.offer import Offer
from stages.shared.text_gate.people import NamesFile, read_names
from stages.shared.text_gate.policy import STANDARD, Policy, screen_policy
from stages.shared.text_gate.prices import screen_prices
from stages.shared.text_gate.rules import Rules, read_rules

NAMES_FILE = Path(__file__).with_name("names.json")
POLICY_FILE = Path(__file__).with_name("policy.yaml")
VERSION = "3-" + sha256(NAMES_FILE.read_bytes() + POLICY_FILE.read_bytes()).hexdigest()[:12]
"""Part of the version of a stage that uses the gate: a longer list must look again at spots that a
shorter one let pass."""


def shipped_names() -> NamesFile:
    """The list of public figures that comes with Spotmill."""
    return read_names(NAMES_FILE.read_bytes(), NAMES_FILE.name)


def shipped_rules() -> Rules:
    """The policy rules and profiles that come with Spotmill."""
    return read_rules(POLICY_FILE.read_text("utf-8"), POLICY_FILE.name)


@dataclass(frozen=True)
class TextGate:
    """The gate, made ready: one for all spots of a worker.

    Any stage may use it on what it has: the script before anything is spent, the words that were
    heard or read in the finished spot. `stage` begins the names of its gates ("screen.names").
    """

    names: NameList
    policy: Policy
    stage: str = "screen"
    judge: TextJudge | None = None
    """A model that reads the texts after the rules, if these found nothing to block."""

    @classmethod
    def of_files(
        cls, *, names: tuple[bytes, str] | None = None, rules: tuple[str, str] | None = None,
        profiles: Sequence[str] = STANDARD, stage: str = "screen", judge: TextJudge | None = None,
    ) -> TextGate:  # fmt: skip
        """With the shipped lists; `names` (content, place) are added to them, `rules` (content,
        place) stand in their place. Raises `ValueError` for a file of another shape, or a profile
        that is not there."""
        files = [shipped_names(), *([read_names(*names)] if names else [])]
        own = read_rules(*rules) if rules else shipped_rules()
        return cls(NameList(files), Policy(with_profiles(own), profiles), stage, judge)

    def find(
        self, texts: Mapping[str, str], *, offer: Offer | None = None,
        priced: Sequence[str] | None = None, brand: str = "",
    ) -> list[Finding]:  # fmt: skip
        """Findings over named texts ({"script": "..."}), one at least of each gate.

        Prices are checked in the texts named in `priced` (None: in none), against `offer`. An
        empty text is left out. Times: 0.5 ms for a script, without a judge.
        """
        texts = {name: text for name, text in texts.items() if text and text.strip()}
        findings = [
            *screen_names(texts, self.names, self.stage, brand),
            *screen_policy(texts, self.policy, self.stage),
        ]
        if priced is not None:
            own = {name: texts[name] for name in priced if name in texts}
            findings += screen_prices(own, offer, self.stage)
        blocked = any(finding.verdict.verdict == "block" for finding in findings)
        if self.judge is not None and not blocked:
            findings += screen_judged(texts, self.judge, self.stage)
        return findings


def with_profiles(rules: Rules) -> Rules:
    """The rules of an own file, with the shipped profiles where it has none but "standard"; these
    then change the classes that both have."""
    if set(rules.profiles) != {"standard"}:
        return rules
    return Rules(rules.rules, shipped_rules().profiles, rules.lists)
