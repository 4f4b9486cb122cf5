"""Overlap: what a driver does that is started while another one works on the same output."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.leases import Lease, Leases

NAME = "driver"
"""Of the lease that the driver in charge of an output holds."""


class WhenRunning(StrEnum):
    """join: help with the run that is open, or begin beside it. skip: leave it to the other one.
    queue: wait until the other one is done. take-over: the other one stops after the spot that it
    is on, and this one goes on from there."""

    JOIN = "join"
    SKIP = "skip"
    QUEUE = "queue"
    TAKE_OVER = "take-over"


class RunInProgress(RuntimeError):
    """Another driver is at work, and this one was told to leave it alone."""


class TakenOver(RuntimeError):
    """Another driver was told to take over from this one."""


@dataclass
class Turn:
    """A driver's turn at an output."""

    leases: Leases
    policy: WhenRunning = WhenRunning.JOIN
    say: Callable[[str], None] = print
    _lease: Lease | None = field(init=False, default=None)

    def begin(self) -> None:
        """Be in charge, or beside the one who is. Raises `RunInProgress` if told to skip.

        A driver that died looks like one that is alive until its lease has not beaten for a while:
        then this one is in charge.
        """
        told = False
        seen = self.leases.beat(NAME)
        while (lease := self.leases.take(NAME)) is None:
            holder = self.leases.holder(NAME) or "another driver"
            if self.policy is WhenRunning.JOIN:
                return
            if self.policy is WhenRunning.TAKE_OVER:
                self.say(f"taking over from {holder}")
                self._lease = self.leases.take(NAME, from_others=True)
                if self._lease is not None:
                    return
            elif self.policy is WhenRunning.SKIP and self.leases.beat(NAME) != seen:
                raise RunInProgress(f"{holder} is rendering this campaign; nothing to do")
            elif not told:
                queue = self.policy is WhenRunning.QUEUE
                doing = "waiting for it to be done" if queue else "looking whether it is alive"
                self.say(f"{holder} is rendering this campaign; {doing}")
                told = True
            time.sleep(min(2.0, self.leases.ttl_s / 10))
        self._lease = lease

    def go_on(self) -> None:
        """Asked before each spot and unit. Raises `TakenOver`."""
        if self._lease is not None and self._lease.lost:
            raise TakenOver("another driver has taken this campaign over; what is done is kept")

    def inherit(self) -> None:
        """Asked before each unit: one who only joined is in charge if nobody is any more."""
        if self._lease is None:
            self._lease = self.leases.take(NAME)
