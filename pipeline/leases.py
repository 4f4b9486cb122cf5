"""Leases: several drivers share a campaign, and each unit of work belongs to one of them.

    leases/<name>/<generation>.json     {"owner": ..., "beat": n, "released": false}

A lease is taken by creating the next generation, which exactly one of many can. Its owner counts
`beat` up; who sees a count stand still for `ttl_s` by its own clock may take the next generation.
No clocks are compared: machines may disagree on the time of day.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from pipeline import storage

logger = logging.getLogger("spotmill")

TTL_S = 45.0
"""How long a lease outlives its owner's last sign of life."""


@dataclass
class Lease:
    """A name that this driver holds until it releases it or is taken for dead."""

    uri: str
    generation: int
    owner: str
    beat: int = 0
    lost: bool = False
    """True once another driver has taken it over: what this one made of it must not count."""

    def content(self, *, released: bool = False) -> bytes:
        """As it lies in the store."""
        return json.dumps({"owner": self.owner, "beat": self.beat, "released": released}).encode()


@dataclass
class Leases:
    """One driver's leases below an output. Use as a context manager: it keeps them alive."""

    output: str
    ttl_s: float = TTL_S
    owner: str = field(
        default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    )
    _held: dict[str, Lease] = field(init=False, default_factory=dict)
    _seen: dict[str, tuple[int, int, float]] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _stop: threading.Event = field(init=False, default_factory=threading.Event)
    _thread: threading.Thread | None = field(init=False, default=None)

    def __enter__(self) -> Leases:
        self._thread = threading.Thread(target=self._keep_alive, daemon=True, name="leases")
        self._thread.start()
        return self

    def __exit__(self, *what: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        for name in list(self._held):
            self.release(name)

    def take(self, name: str, *, from_others: bool = False) -> Lease | None:
        """The lease, or None while somebody else holds it (ask again: owners may die).

        With `from_others` it is taken from who has it: that one finds it `lost` with its next
        beat. None then only if somebody was faster.
        """
        newest, content = self._newest(name)
        if newest and not (
            from_others or content["released"] or self._expired(name, newest, content["beat"])
        ):
            return None
        lease = Lease(self._uri(name, newest + 1), newest + 1, self.owner)
        if not storage.commit_bytes(lease.content(), lease.uri):
            return None
        with self._lock:
            self._held[name] = lease
        for old in storage.list_files(self._folder(name), ".json"):
            if old < lease.uri:  # nobody looks below the newest
                with contextlib.suppress(FileNotFoundError):
                    storage.remove(old)
        return lease

    def release(self, name: str) -> None:
        """Give it back; others may take it at once."""
        with self._lock:
            lease = self._held.pop(name, None)
        if lease is None or lease.lost:
            return
        try:
            storage.replace_bytes(lease.content(released=True), lease.uri)
        except Exception as error:  # whatever the store's client raises: it will expire
            logger.warning("lease %s could not be released: %s", name, error)

    def forget(self, folder: str) -> None:
        """Remove all leases below a name: the work is done."""
        with contextlib.suppress(OSError):  # somebody is just giving one back: no harm
            storage.remove_folder(storage.join(self.output, "leases", folder))

    def holder(self, name: str) -> str:
        """Who holds it, for people; "" for nobody."""
        newest, content = self._newest(name)
        return "" if not newest or content["released"] else str(content["owner"])

    def beat(self, name: str) -> tuple[int, int]:
        """(generation, beat) of who holds it: where these change, somebody is alive."""
        newest, content = self._newest(name)
        return newest, content.get("beat", -1)

    def _expired(self, name: str, generation: int, beat: int) -> bool:
        now = time.monotonic()
        seen = self._seen.get(name)
        if seen is None or seen[:2] != (generation, beat):
            self._seen[name] = (generation, beat, now)
            return False
        return now - seen[2] > self.ttl_s

    def _newest(self, name: str) -> tuple[int, dict[str, Any]]:
        """(generation, content) of the highest generation; (0, {}) if there is none."""
        found = storage.list_files(self._folder(name), ".json")
        if not found:
            return 0, {}
        generation = int(found[-1].rpartition("/")[2].removesuffix(".json"))
        try:
            return generation, json.loads(storage.read_bytes(found[-1]))
        except (FileNotFoundError, ValueError):  # being written just now: somebody is alive
            return generation, {"owner": "?", "beat": -1, "released": False}

    def _folder(self, name: str) -> str:
        return storage.join(self.output, "leases", name)

    def _uri(self, name: str, generation: int) -> str:
        return storage.join(self._folder(name), f"{generation:05d}.json")

    def _keep_alive(self) -> None:
        while not self._stop.wait(self.ttl_s / 5):
            with self._lock:
                held = dict(self._held)
            for name, lease in held.items():
                try:
                    self._beat(name, lease)
                except Exception as error:  # the store is away, for all others, too
                    logger.warning("lease %s could not be renewed: %s", name, error)

    def _beat(self, name: str, lease: Lease) -> None:
        newest, _ = self._newest(name)
        if newest > lease.generation:
            lease.lost = True
            with self._lock:
                self._held.pop(name, None)
            return
        lease.beat += 1
        with self._lock:
            if name in self._held:  # not released in between
                storage.replace_bytes(lease.content(), lease.uri)
