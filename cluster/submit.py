"""Submitting a job once: a schedule may ask as often as it likes, a night is rendered once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

MOST_ATTEMPTS = 3
"""Jobs of a night: the first one, and others where that one failed or was stopped."""


class Jobs(Protocol):
    """What is used of `ray.job_submission.JobSubmissionClient`."""

    def list_jobs(self) -> list[Any]:
        """Every job that the cluster knows."""
        ...

    def submit_job(self, *, entrypoint: str, submission_id: str, **more: Any) -> str:
        """Start one. Raises `RuntimeError` where the id is taken."""
        ...


@dataclass(frozen=True)
class Submitted:
    """`fresh` is False where the job was there already; `status` as Ray has it."""

    submission_id: str
    fresh: bool
    status: str


def submission_id(campaign: str, day: date) -> str:
    """`{campaign}-{date}`: "Spring Sale" on a day is "spring-sale-2026-11-24"."""
    slug = re.sub(r"[^a-z0-9]+", "-", campaign.lower()).strip("-")[:60] or "campaign"
    return f"{slug}-{day.isoformat()}"


def submit_once(
    jobs: Jobs, name: str, entrypoint: str, *, attempts: int = MOST_ATTEMPTS, **more: Any
) -> Submitted:
    """Start the job `name`, unless it is there: running, waiting or done.

    Where it failed or was stopped, `name`-2 and so on are started, `attempts` in all. Of several
    who ask at once one starts it: Ray takes an id once.
    """
    there = {job.submission_id: str(getattr(job.status, "value", job.status)) for job in
             jobs.list_jobs()}  # fmt: skip
    for attempt in range(1, attempts + 1):
        one = name if attempt == 1 else f"{name}-{attempt}"
        status = there.get(one)
        if status in ("FAILED", "STOPPED"):
            continue
        if status is not None:
            return Submitted(one, False, status)
        try:
            jobs.submit_job(entrypoint=entrypoint, submission_id=one, **more)
        except RuntimeError as error:
            if "already exists" not in str(error):
                raise
            return Submitted(one, False, "PENDING")  # somebody was faster
        return Submitted(one, True, "PENDING")
    return Submitted(one, False, there[one])


def metadata(campaign: str, day: date) -> Mapping[str, str]:
    """What Ray's job list shows beside the id."""
    return {"campaign": campaign, "date": day.isoformat()}
