"""Evidence: what a verdict of the ledger says beside its sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def fields_of(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Its fields without those that do not apply: a ledger's row has all of them, null or not."""
    return {name: value for name, value in verdict.items() if value is not None}


def in_words(verdict: Mapping[str, Any]) -> str:
    """Its evidence for people, with the moment at which to look: "... (at 3.2 s)"."""
    at_s, said = verdict.get("at_s"), verdict.get("evidence") or ""
    return said if at_s is None else f"{said} (at {at_s:.1f} s)".lstrip()
