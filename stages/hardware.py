"""Hardware: what one worker of a stage occupies; Pool: how many of them there are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hardware:
    """What one worker of a stage occupies while it works.

    `cpus` are cores (fractions allowed), `gpus` devices (fractions share one), `memory_gb` the
    peak resident memory of the worker in GiB, `accelerator` Ray's name of a device type ("L4").
    """

    cpus: float = 1.0
    gpus: float = 0.0
    memory_gb: float = 1.0
    accelerator: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    """Ray's node labels that its workers need, as (key, value)."""


@dataclass(frozen=True)
class Pool:
    """The workers of one stage: how many, and what each books at the scheduler.

    `cpus` may be less than the stage's own figure: on a machine smaller than the recipe, workers
    share cores rather than wait for ever.
    """

    workers: int
    cpus: float
    gpus: float = 0.0
    accelerator: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
