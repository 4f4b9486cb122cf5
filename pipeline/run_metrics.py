"""What a driver tells Prometheus of its run: in OUT/metrics.prom, and on Ray at the head's port."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline import storage
from pipeline.ledger import LedgerError
from pipeline.planned_run import PlannedRun
from pipeline.review_queue import oldest_s, waiting_since
from pipeline.run_sums import RunSums
from pipeline.stage_costs import Prices
from stages.base import Stage
from stages.sign.certificates import days_left

MEASURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "run_active": ("1 while a driver works on the campaign.", ()),
    "run_spots": ("Spots of the newest run that are in the ledger or just done.", ("status",)),
    "run_expected_spots": ("Spots that the newest run is to account for.", ()),
    "run_missing_spots": ("Spots that the ledger should have and has not, or has too many.", ()),
    "run_units_left": ("Units of the newest run without a receipt.", ()),
    "run_spend_usd": ("What the newest run has cost, by the profile's prices.", ()),
    "budget_usd": ("What a run may cost; 0 for no budget.", ()),
    "run_completed_timestamp_seconds": ("When a run was last completed.", ()),
    "stage_busy_ratio": ("Share of the time that a stage's workers work.", ("stage",)),
    "gpu_busy_ratio": ("Share of the time that the GPUs that stages booked work.", ()),
    "certificate_days_left": ("Days until the first certificate of the signer ends.", ()),
    "review_queue_spots": ("Held spots that nobody has decided on.", ()),
    "review_queue_oldest_seconds": ("How long the oldest of them waits.", ()),
}
"""Name (behind "spotmill_", on Ray "ray_spotmill_"), what it is, its labels beside campaign."""
EVERY_S = 15.0
"""Seconds between two writings of the file."""


@dataclass
class RunMetrics:
    """One driver's view of its run. A context manager: it also tells how the run ended."""

    output: str
    campaign: str
    stages: Sequence[Stage]
    prices: Prices
    budget_usd: float | None = None
    clock: Callable[[], float] = time.monotonic
    _registry: CollectorRegistry = field(init=False, default_factory=CollectorRegistry)
    _gauges: dict[str, Gauge] = field(init=False, default_factory=dict)
    _on_ray: dict[str, Any] = field(init=False, default_factory=dict)
    _told: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(
        init=False, default_factory=dict
    )
    _sums: RunSums | None = field(init=False, default=None)
    _of_unit: dict[str, int] = field(init=False, default_factory=dict)
    _work: dict[str, float] = field(init=False, default_factory=dict)
    _begun: float | None = field(init=False, default=None)
    _written: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        for name, (about, labels) in MEASURES.items():
            self._gauges[name] = Gauge(
                f"spotmill_{name}", about, ("campaign", *labels), registry=self._registry
            )

    def __enter__(self) -> RunMetrics:
        self.set("run_active", 1)
        self.set("budget_usd", self.budget_usd or 0)
        self._signer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._sums is None:  # refused, or left to another driver: nothing to tell
            return
        self.set("run_active", 0)
        self._of_unit = {}  # of a unit that was broken off nothing is in the ledger
        self._of_run()
        if isinstance(error, LedgerError):
            self.set("run_missing_spots", error.missing)
        elif error is None and not self._sums.left:
            self.set("run_completed_timestamp_seconds", datetime.now(UTC).timestamp())
        self._queue()
        self.write()

    def planned(self, plan: PlannedRun) -> None:
        """The run that the driver works on."""
        self._sums = RunSums(plan.output, plan.run_id, self.prices)
        self._of_run()
        self.write()

    def spot(self, result: Mapping[str, Any], runner: Any) -> None:
        """One more spot is done."""
        now = self.clock()
        if self._begun is None:  # what is before the first one is loading of models
            self._begun = now
        else:
            for ran in result["stages"] or ():
                if not ran["cached"]:
                    seconds = self._work.get(ran["stage"], 0.0) + (ran["seconds"] or 0.0)
                    self._work[ran["stage"]] = seconds
        status = result["status"]
        self._of_unit[status] = self._of_unit.get(status, 0) + 1
        if now - self._written >= EVERY_S:
            self._busy(getattr(runner, "workers", {}))
            self._of_run()
            self.write()

    def unit(self) -> None:
        """A unit has its receipt: its spots are in the ledger now."""
        self._of_unit = {}
        self._of_run()
        self.write()

    def set(self, name: str, value: float, **labels: str) -> None:
        """One figure, here and on Ray: there all that was told before it was connected, too."""
        self._gauges[name].labels(campaign=self.campaign, **labels).set(value)
        self._told[name, tuple(labels.items())] = value
        ray = sys.modules.get("ray")
        if ray is not None and ray.is_initialized():
            if self._on_ray:
                self._tell_ray(name, value, labels)
            else:
                for (one, of), known in self._told.items():
                    self._tell_ray(one, known, dict(of))

    def _tell_ray(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        if name not in self._on_ray:
            from ray.util.metrics import Gauge as RayGauge

            about, more = MEASURES[name]
            keys = ("campaign", *more)
            self._on_ray[name] = RayGauge(f"spotmill_{name}", about, tag_keys=keys)
        self._on_ray[name].set(value, {"campaign": self.campaign, **labels})

    def text(self) -> str:
        """In Prometheus' text format."""
        return generate_latest(self._registry).decode()

    def write(self) -> None:
        """To the output, whole at once: a collector never reads half of it."""
        self._written = self.clock()
        storage.replace_bytes(self.text().encode(), storage.join(self.output, "metrics.prom"))

    def _queue(self) -> None:
        since = waiting_since(self.output)
        self.set("review_queue_spots", len(since))
        self.set("review_queue_oldest_seconds", oldest_s(since))

    def _of_run(self) -> None:
        if self._sums is None:
            return
        sums = self._sums.refresh()
        for status, number in sums.counts.items():
            self.set("run_spots", number + self._of_unit.get(status, 0), status=status)
        self.set("run_expected_spots", sums.expected)
        self.set("run_missing_spots", abs(sums.missing))
        self.set("run_units_left", len(sums.left))
        self.set("run_spend_usd", sums.usd)

    def _busy(self, workers: Mapping[str, int]) -> None:
        """Each worker works on one spot at a time: seconds of work by seconds that went by."""
        went_by = max(self.clock() - (self._begun or 0.0), 1e-6)
        used = booked = 0.0
        for stage in self.stages:
            there, worked = workers.get(stage.name, 1), self._work.get(stage.name, 0.0)
            self.set("stage_busy_ratio", min(1.0, worked / went_by / there), stage=stage.name)
            used += worked * stage.hardware.gpus
            booked += there * stage.hardware.gpus
        if booked:
            self.set("gpu_busy_ratio", min(1.0, used / went_by / booked))

    def _signer(self) -> None:
        for stage in self.stages:
            signer = getattr(stage, "signer", None)
            if signer is not None:
                self.set("certificate_days_left", days_left(signer.certificates_pem()))


def told(output: str, *, at_work: bool) -> str:
    """What the last driver wrote, with the review queue as it is now: for a collector that asks the
    store where the driver's machine is gone. "" where no driver has written anything."""
    content = storage.read_bytes_or_none(storage.join(output, "metrics.prom"))
    if content is None:
        return ""
    samples = [
        sample
        for family in text_string_to_metric_families(content.decode())
        for sample in family.samples
        if sample.name.removeprefix("spotmill_") in MEASURES
    ]
    metrics = RunMetrics(output, samples[0].labels["campaign"], [], Prices())
    for sample in samples:
        labels = {name: value for name, value in sample.labels.items() if name != "campaign"}
        metrics.set(sample.name.removeprefix("spotmill_"), sample.value, **labels)
    metrics.set("run_active", float(at_work))
    metrics._queue()
    return metrics.text()
