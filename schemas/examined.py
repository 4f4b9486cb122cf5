"""Examined: one thing a doctor looked at before a run, how it is, and what to do if it is not."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Examined:
    """`warn` is no reason not to run; `fail` is. `fix` is for the latter two."""

    check: str
    state: State
    found: str
    fix: str = ""

    @staticmethod
    def of(check: str, fine: bool, found: str, fix: str = "") -> Examined:
        """Something that is fine, or else fails."""
        return Examined(check, "ok", found) if fine else Examined(check, "fail", found, fix)

    def as_row(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
