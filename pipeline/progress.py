"""Progress: how far a unit is, at what pace, and when it will be done, in lines for people."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

EACH_SPOT = 100
"""Up to so many spots each has a line of its own; beyond, a log would be of no use to anybody."""
EVERY_S = 15.0
"""Seconds between lines, beyond."""
MOST_STAGES = 4
"""Stages whose busy share is told: the first one holds up the others."""
MOST_TOLD = 20
"""Spots that failed or were turned down that are told one by one, beyond."""


@dataclass
class Progress:
    """Of one unit. `say` gets lines that stay, `show` a line that replaces the one before."""

    total: int
    say: Callable[[str], None]
    show: Callable[[str], None] | None = None
    workers: Mapping[str, int] = field(default_factory=dict)
    """Of each stage, for its busy share."""
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    _counts: Counter[str] = field(default_factory=Counter)
    _work: dict[str, float] = field(default_factory=dict)
    _begun: float = 0.0
    """When the first spot was done: what is before it is loading of models, and no pace."""
    _told_at: float = 0.0
    _told: int = 0

    def add(self, result: Mapping[str, Any]) -> None:
        """One more spot is done."""
        self.done += 1
        if self.done == 1:
            self._begun = self._told_at = self.clock()
        self._counts[result["status"]] += 1
        for ran in (result["stages"] or ()) if self.done > 1 else ():
            if not ran["cached"]:
                seconds = ran["seconds"] or 0.0
                self._work[ran["stage"]] = self._work.get(ran["stage"], 0.0) + seconds
        if self.total <= EACH_SPOT:
            self.say(f"  [{self.done}/{self.total}] {_spot_line(result)}")
        else:
            self._say_some(result)
        if self.show is not None:
            self.show(self.line())

    def _say_some(self, result: Mapping[str, Any]) -> None:
        if result["status"] != "published" and self._told < MOST_TOLD:
            self._told += 1
            self.say(f"  {_spot_line(result)}")
            if self._told == MOST_TOLD:
                self.say("  ... further ones are in the report")
        now = self.clock()
        if now - self._told_at >= EVERY_S or self.done == self.total:
            self._told_at = now
            self.say(f"  {self.line()}")

    def line(self) -> str:
        """Where it stands: counts, pace, what is left, and how busy the busiest stages are."""
        seconds = max(self.clock() - self._begun, 1e-6)
        pace = (self.done - 1) / seconds
        counts = ", ".join(f"{number:,} {status}" for status, number in self._counts.items())
        text = f"{self.done:,} of {self.total:,} ({counts})"
        if self.done < 2:
            return text
        text += f"; {pace * 60:,.1f} spots a minute"
        if left := self.total - self.done:
            text += f"; about {_duration(left / pace)} left"
        busy = {
            stage: work / seconds / self.workers.get(stage, 1) for stage, work in self._work.items()
        }
        if busy:
            most = sorted(busy, key=lambda name: -busy[name])[:MOST_STAGES]
            text += "; busy: " + ", ".join(f"{name} {min(1.0, busy[name]):.0%}" for name in most)
        return text


def _spot_line(result: Mapping[str, Any]) -> str:
    stages = result["stages"] or []
    seconds = sum(run["seconds"] for run in stages if not run["cached"])
    cached = sum(1 for run in stages if run["cached"])
    text = f"{result['spot_id']}: {result['status']}, {seconds:.1f} s of work"
    if cached:
        text += f", {cached} stages from the store"
    if result["status"] != "published":
        text += f" ({result['stage']}: {result['reason']})"
    return text


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
