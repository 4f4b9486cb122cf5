"""Resolver: the addresses of a host, asked for once, within a time limit, and looked at."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, Queue
from typing import Any

from pipeline.web.addresses import Network, forbidden
from pipeline.web.link import REFUSED, UNREACHABLE, Link
from pipeline.web.refusal import LinkRefused

KEPT_S = 60.0
"""What was found of a host holds so long: a catalogue asks one host for thousands of files."""
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV

Resolve = Callable[..., list[Any]]
"""As `socket.getaddrinfo`."""


class Resolver:
    """Finds addresses that may be asked; `allowed` networks may be, though they are not public."""

    def __init__(self, resolve: Resolve | None = None, allowed: Sequence[str] = ()) -> None:
        """`resolve` stands for the system's."""
        self._resolve = resolve
        self._allowed: list[Network] = [ipaddress.ip_network(network) for network in allowed]
        self._kept: dict[tuple[str, int], tuple[float, list[str]]] = {}

    def addresses(self, link: Link, until: float) -> list[str]:
        """All that the host has. Raises `LinkRefused` if one of them is forbidden: whoever names
        such a one beside a public one means to have it taken the second time.
        """
        kept_until, found = self._kept.get((link.host, link.port), (0.0, []))
        if time.monotonic() < kept_until:
            return found
        found = list(dict.fromkeys(str(info[4][0]) for info in self._found(link, until)))
        for text in found:
            why = forbidden(ipaddress.ip_address(text), self._allowed)
            if why is not None:
                named = "" if text == link.host else f"{link.host}: "
                raise LinkRefused(REFUSED, f"{named}{why}; link a picture on a public host")
        if not found:
            raise LinkRefused(UNREACHABLE, f"{link.host} has no address", passing=True)
        self._kept[link.host, link.port] = (time.monotonic() + KEPT_S, found)
        return found

    def _found(self, link: Link, until: float) -> list[Any]:
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(link.host)
            return [(0, 0, 0, "", (link.host, link.port))]
        kind = {"type": socket.SOCK_STREAM}
        with contextlib.suppress(OSError, UnicodeError):  # 2130706433, 0x7f.1: nobody is asked
            return socket.getaddrinfo(link.host, link.port, flags=_NUMERIC, **kind)
        answers: Queue[Any] = Queue()

        def ask() -> None:
            try:
                resolve = self._resolve or socket.getaddrinfo
                answers.put(resolve(link.host, link.port, **kind))
            except Exception as error:
                answers.put(error)

        # The system's resolver knows no time limit.
        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            answer = TimeoutError()
        if isinstance(answer, Exception):
            said = f"{link.host} cannot be resolved; correct the host, or try again later"
            raise LinkRefused(UNREACHABLE, said, passing=True)
        return list(answer)
