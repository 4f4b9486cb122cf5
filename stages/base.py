"""The contract of a stage: what it reads and writes, what it needs, and its work on one spot.

A new stage or engine joins the suite in `tests/stages/test_contract.py`, which every one must pass.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from schemas.asset import Asset
from stages.hardware import Hardware


@dataclass(frozen=True)
class Verdict:
    """What one gate decided on one rule, with the evidence a reviewer would ask for.

    `verdict` is "pass", "age_gate" (it may ship, to adults only), "review" or "block". A stage may
    return a list of these under the reserved key "verdicts", or attach them to a `Reject` or a
    `Hold`. One that returns "review" goes on: the spot is made to its end, and held before it is
    signed (`stages/release.py`). `evidence` is a sentence for people; what is behind it says the
    same to programs, where it applies.
    """

    gate: str
    rule: str
    verdict: str
    evidence: str = ""
    column: str | None = None
    """The text that was looked at: a column of the row, or "heard" and "shown ..."."""
    span: str | None = None
    """The words of that text, as they stand in it."""
    at_s: float | None = None
    """When they are heard or seen, on the spot's own clock."""
    score: float | None = None
    """What was measured, in the unit of the rule."""
    threshold: float | None = None
    """The limit that the score was held against; of two the one that it broke, or is nearer to."""

    def as_row(self) -> dict[str, Any]:
        """Its fields for the ledger, without those that do not apply."""
        return {name: value for name, value in vars(self).items() if value is not None}


class Reject(Exception):
    """The spot must not ship. `reason_code` is a stable snake_case word, `reason` a sentence."""

    status = "rejected"

    def __init__(
        self,
        reason_code: str,
        reason: str,
        *,
        verdicts: tuple[Verdict, ...] = (),
        metrics: Mapping[str, float] | None = None,
        another_seed: bool = False,
    ) -> None:
        super().__init__(f"{reason_code}: {reason}")
        self.reason_code, self.reason = reason_code, reason
        self.verdicts, self.metrics = verdicts, dict(metrics or {})
        self.another_seed = another_seed
        """True where the same spot might pass with another seed (a quality gate)."""


class Hold(Reject):
    """A person must decide before the spot may ship. `covers` is the digest of what is asked:
    `Media.decision` finds the decision by it."""

    status = "held"

    def __init__(
        self,
        reason_code: str,
        reason: str,
        *,
        verdicts: tuple[Verdict, ...] = (),
        covers: str | None = None,
    ) -> None:
        super().__init__(reason_code, reason, verdicts=verdicts)
        self.covers = covers


class Retry(Exception):
    """A passing fault (a full disk, a busy service): the adapter tries the same spot again."""


class Media(Protocol):
    """What a stage sees of the media store, for one spot: local paths in, media URIs out."""

    def open(self, source: str | Asset) -> Path:
        """Local path of a media URI ("media:<sha256>.<ext>") or of an asset (file or folder).

        The content is checked against its digest. The path is read-only and may be shared.
        """
        ...

    def save(self, path: Path) -> str:
        """Store the file under its content's digest and return its media URI."""
        ...

    def scratch(self, name: str) -> Path:
        """A path for a new file of this name in a folder that is removed after the stage."""
        ...

    def publish(self, uri: str, name: str) -> Published:
        """Commit a media URI at `name` (relative, "/"-separated) of the output, once for ever."""
        ...

    def decision(self, spot_id: str, covers: str) -> Decision | None:
        """What a person has decided of the spot where that digest was asked about, if anybody."""
        ...


@dataclass(frozen=True)
class Decision:
    """A person's word on a held spot: who (`by`), why, when (ISO 8601), and the digest of its
    record. It is given once."""

    approved: bool
    by: str
    why: str
    at: str
    sha256: str


@dataclass(frozen=True)
class Published:
    """A file at its final place: full URI, sha256 as hex, size in bytes."""

    uri: str
    sha256: str
    bytes: int


class Stage(ABC):
    """One step of a recipe, a dataclass whose fields are its parameters, and part of its key.

    A stage opens and saves files only through `media`, raises `Reject` or `Hold` for a spot that
    must not ship, `Retry` for a passing fault, and anything else for a bug.
    """

    name: ClassVar[str]
    """The word for it in recipes, columns and logs; equal to its file's or folder's name."""
    reads: ClassVar[tuple[str, ...]]
    """Columns it needs; their values (for media: their digests) are part of its key."""
    judges: ClassVar[tuple[str, ...]] = ()
    """Those of `reads` that decide whether the spot may ship and nothing of what is written: a
    plan then knows that their change does not reach the stages behind."""
    writes: ClassVar[pa.Schema]
    """Columns it adds, with Arrow types. "metrics" and "verdicts" need no declaration."""
    version: ClassVar[str]
    """Bump when its output would change."""
    seeded: ClassVar[bool] = False
    """True when the spot's `seed` steers it: then the seed is part of its key."""
    cached: ClassVar[bool] = True
    """False for a stage that acts outside the media store and must run each time."""
    hardware: Hardware = Hardware()
    timeout_s: float = 600.0
    seconds_hint: float = 1.0
    """CPU seconds per spot on one core, measured: sizes the first pools."""

    @property
    def engine_name(self) -> str:
        """The engine that does the work, for the ledger; the stage's own name if it has but one."""
        engine = getattr(self, "engine", None)
        return getattr(engine, "name", None) or self.name

    def foresee(self, spot: Mapping[str, Any]) -> None:  # noqa: B027  (optional)
        """Raise `Reject` where the spot's row alone tells that `run` will: asked when a campaign is
        planned, of a million rows, so a matter of microseconds."""

    def prepare(self) -> None:  # noqa: B027  (optional)
        """Once per node: fetch weights to local disk."""

    def load(self) -> None:  # noqa: B027  (optional)
        """Once per worker: warm the model."""

    @abstractmethod
    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """Work on one spot: its `reads` columns in, its `writes` columns out.

        Beside these the result may carry "metrics" (name to float, units in the name's suffix)
        and "verdicts" (list of `Verdict`), which the adapter adds to the row.
        """
