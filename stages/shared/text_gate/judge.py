"""TextJudge: what a model that judges texts must be able to do, and what becomes of its answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from schemas.asset import Asset
from stages.base import Verdict
from stages.shared.text_gate.finding import Finding


@dataclass(frozen=True)
class Judgement:
    """A model's answer. `verdict` is "safe", "controversial", "unsafe", or "unclear" for an answer
    of no known form; `certainty` its probability of that answer, 0 to 1."""

    verdict: str
    categories: tuple[str, ...] = ()
    certainty: float = 0.0
    answer: str = ""


class TextJudge(ABC):
    """A model behind the text gate: a dataclass whose fields are part of the stage's key.

    What is loaded lives in fields with a leading underscore and `init=False`. Texts are data to it:
    whatever they say, the answer is about them.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    unsafe: str
    """What an unsafe text comes to: "block" or "review"."""

    @property
    def assets(self) -> Mapping[str, Asset]:
        """Files and folders that the stage opens before each spot, and hands to `receive`."""
        return {}

    def prepare(self) -> None:  # noqa: B027  (optional)
        """Once per node: fetch weights."""

    def load(self) -> None:  # noqa: B027  (optional)
        """Once per worker: warm the model, if no asset takes part in it."""

    def receive(self, files: Mapping[str, Path]) -> None:  # noqa: B027  (optional)
        """Local paths of `assets`, before each spot; what is warm already stays so."""

    @abstractmethod
    def judge(self, texts: Mapping[str, str]) -> Judgement:
        """What it thinks of the texts of one spot, all in one."""

    @abstractmethod
    def __str__(self) -> str:
        """The model as the ledger should name it: with its commit or digest."""


def screen_judged(
    texts: Mapping[str, str], judge: TextJudge, stage: str = "screen"
) -> list[Finding]:
    """The finding of a judge over the named texts of a spot: one."""
    if not texts:
        return []
    gate, found = f"{stage}.safeguard", judge.judge(texts)
    about = ", ".join(found.categories) or "no category"
    where = f"in {', '.join(texts)}"
    evidence = f"{found.verdict}, {about}, certainty {found.certainty:.2f}, {where}; {judge}"
    rule = found.categories[0] if found.categories else found.verdict
    if found.verdict == "safe":
        return [Finding(Verdict(gate, "safe", "pass", evidence, score=found.certainty))]
    if found.verdict == "unclear":
        said = found.answer.strip()[:80]
        reason = (
            f'The safeguard {judge} answered "{said}", which is neither safe nor unsafe; a person'
            " should decide, or another model be named in policy.safeguard."
        )
        verdict = Verdict(gate, "unclear", "review", f'{evidence}; it said "{said}"')
        return [Finding(verdict, "safeguard_unclear", reason)]
    severity = judge.unsafe if found.verdict == "unsafe" else "review"
    fix = "change the words" if severity == "block" else "a person should decide"
    reason = f"The safeguard {judge} calls the texts {found.verdict} ({about}); {fix}."
    verdict = Verdict(gate, rule, severity, evidence, score=found.certainty)
    return [Finding(verdict, f"safeguard_{found.verdict}", reason)]
