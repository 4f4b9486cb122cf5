"""Gate lines: the limits that a gate's evidence names for a metric, read from its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_N = r"([-+−]?\d+(?:\.\d+)?)"
_UNIT = r"(?:\s*[A-Za-z%/]+)?"
_RANGE = re.compile(
    rf"(?:between|from|within|allowed|limits?|gate|bar|must be|should be|in)[\s:=(\[]*"
    rf"{_N}{_UNIT}\s*(?:and|to|\.\.+|–|,)\s*{_N}",
    re.IGNORECASE,
)
_AROUND = re.compile(rf"{_N}{_UNIT}\s*(?:±|\+/-|\+-)\s*{_N}", re.IGNORECASE)
_HIGH = re.compile(
    rf"(?:at most|no more than|not more than|up to|below|under|maximum|max|limit|<=|≤|<)"
    rf"(?:\s+(?:is|of|allowed))?[\s:=]*{_N}",
    re.IGNORECASE,
)
_LOW = re.compile(
    rf"(?:at least|no less than|not less than|above|over|minimum|min|>=|≥|>)"
    rf"(?:\s+(?:is|of|allowed))?[\s:=]*{_N}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Limits:
    """The lowest and highest value that passes, in the metric's unit; None where there is none."""

    low: float | None
    high: float | None


def limits_in(evidence: str | None) -> Limits | None:
    """Limits named in a sentence such as "-14.1 LUFS, allowed -15 to -13" or "offset 12 <= 45"."""
    text = evidence or ""
    if found := _RANGE.search(text):
        low, high = sorted((_value(found[1]), _value(found[2])))
        return Limits(low, high)
    if found := _AROUND.search(text):
        middle, slack = _value(found[1]), abs(_value(found[2]))
        return Limits(middle - slack, middle + slack)
    lows, highs = _LOW.search(text), _HIGH.search(text)
    if not lows and not highs:
        return None
    return Limits(_value(lows[1]) if lows else None, _value(highs[1]) if highs else None)


def limits_of(metric: str, verdicts: Iterable[Mapping[str, Any]]) -> Limits | None:
    """Limits of a metric from the first passed gate that names it, as its rule or in its evidence.

    Only a passed one: in "0.03 > 0.02" of a gate that blocked, the limit is on the other side.
    """
    stem = metric.rpartition("_")[0] or metric
    for verdict in verdicts:
        evidence = verdict.get("evidence") or ""
        named = f"{verdict.get('gate')} {verdict.get('rule')}".lower()
        speaks_of_it = stem in named or metric in evidence
        if verdict.get("verdict") == "pass" and speaks_of_it and (found := limits_in(evidence)):
            return found
    return None


def _value(text: str) -> float:
    return float(text.replace("−", "-"))
