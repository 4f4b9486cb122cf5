"""RunSummary: what one campaign run did and what it cost, computed from its rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pipeline.report.rows import Rows, each_row
from schemas.result import STATUSES


@dataclass(frozen=True)
class StageTotal:
    """What one stage cost in a run, over all spots.

    `seconds` (wall) and `cpu_seconds` count work done in this run only; `saved_seconds` is what
    the results taken from the media store had cost when they were made.
    """

    stage: str
    executed: int
    cached: int
    seconds: float
    cpu_seconds: float
    peak_memory_mb: float
    saved_seconds: float = 0.0


@dataclass(frozen=True)
class RunSummary:
    """One campaign run at a glance. `seconds` is wall time; None where it is not known."""

    run_id: str
    campaign: str
    started_at: datetime | None
    seconds: float | None
    counts: Mapping[str, int]
    """Spots by status, in the order of `schemas.result.STATUSES`."""
    recipe: str
    machine: str
    stage_seconds: tuple[StageTotal, ...]
    usd: float | None = None
    """What the work cost, by the hardware profile's prices; None where they are not known."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Spots that were held, rejected or failed, by reason code, most frequent first."""
    ended_in: Mapping[str, int] = field(default_factory=dict)
    """The same by stage and reason code: {"screen.price_mismatch": 3}."""

    @property
    def spots(self) -> int:
        """All spots that went in."""
        return sum(self.counts.values())

    @property
    def worked_on(self) -> int:
        """Spots that were not simply unchanged since an earlier run."""
        idle = self.counts.get("unchanged", 0) + self.counts.get("withdrawn", 0)
        return self.spots - idle

    @property
    def seconds_per_spot(self) -> float | None:
        """Wall seconds of the run per spot worked on; None where there is nothing to divide."""
        if self.seconds is None or not self.worked_on:
            return None
        return self.seconds / self.worked_on

    @property
    def cpu_seconds_per_spot(self) -> float | None:
        """CPU seconds of all stages per spot worked on."""
        if not self.worked_on:
            return None
        return sum(total.cpu_seconds for total in self.stage_seconds) / self.worked_on

    @property
    def cached_share(self) -> float | None:
        """Share of stage results that were taken from the media store, 0 to 1."""
        cached = sum(total.cached for total in self.stage_seconds)
        total = cached + sum(total.executed for total in self.stage_seconds)
        return cached / total if total else None

    def to_json(self) -> str:
        """The summary as JSON text, for `from_json`."""
        content = asdict(self)
        content["started_at"] = self.started_at.isoformat() if self.started_at else None
        return json.dumps(content, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> RunSummary:
        """The summary that `to_json` wrote."""
        content: dict[str, Any] = json.loads(text)
        started_at = content["started_at"]
        content["started_at"] = datetime.fromisoformat(started_at) if started_at else None
        content["stage_seconds"] = tuple(StageTotal(**one) for one in content["stage_seconds"])
        return cls(**content)


def summarise(
    rows: Rows,
    *,
    campaign: str,
    run_id: str | None = None,
    started_at: datetime | None = None,
    seconds: float | None = None,
    recipe: str = "",
    machine: str = "",
) -> RunSummary:
    """Count the rows and add up their stages; what rows do not know is given by the caller.

    `run_id` defaults to that of the first row. Unchanged spots did no work in this run, so the
    stages that their rows may quote from an earlier run are left out.
    """
    counts = dict.fromkeys(STATUSES, 0)
    reasons: Counter[str] = Counter()
    ended_in: Counter[str] = Counter()
    totals: dict[str, StageTotal] = {}
    for row in each_row(rows):
        run_id = run_id or row["run_id"]
        counts[row["status"]] = counts.get(row["status"], 0) + 1
        if row["status"] in ("unchanged", "withdrawn"):
            continue
        if row["status"] != "published" and row["reason_code"]:
            reasons[row["reason_code"]] += 1
            ended_in[f"{row['stage']}.{row['reason_code']}"] += 1
        for run in row["stages"]:
            totals[run["stage"]] = _add(totals.get(run["stage"]), run)
    return RunSummary(
        run_id=run_id or "",
        campaign=campaign,
        started_at=started_at,
        seconds=seconds,
        counts=counts,
        recipe=recipe,
        machine=machine,
        stage_seconds=tuple(totals.values()),
        reasons=_most_frequent_first(reasons),
        ended_in=_most_frequent_first(ended_in),
    )


def _most_frequent_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _add(total: StageTotal | None, run: Mapping[str, Any]) -> StageTotal:
    total = total or StageTotal(run["stage"], 0, 0, 0.0, 0.0, 0.0)
    cached = bool(run.get("cached"))
    seconds = run.get("seconds") or 0.0
    return StageTotal(
        stage=total.stage,
        executed=total.executed + (not cached),
        cached=total.cached + cached,
        seconds=total.seconds + (0.0 if cached else seconds),
        cpu_seconds=total.cpu_seconds + (0.0 if cached else run.get("cpu_seconds") or 0.0),
        peak_memory_mb=max(total.peak_memory_mb, run.get("peak_memory_mb") or 0.0),
        saved_seconds=total.saved_seconds + (seconds if cached else 0.0),
    )
