"""Connections to addresses that were looked at before, and that end when their time is up."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection

from pipeline.web.link import Link

MOST_TRIED = 3
"""Addresses of a host that are tried: one of them may be of a network that this machine lacks."""


class PlainConnection(HTTPConnection):
    """Goes to one of `addresses` and resolves nothing. A second handle of the socket is kept:
    through it it can be shut while a handshake or a header is still being waited for."""

    addresses: Sequence[str] = ()
    until: float = 0.0
    spare: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        tried = self.addresses[:MOST_TRIED]
        for number, address in enumerate(tried, 1):
            left = max(0.05, self.until - time.monotonic()) / (len(tried) - number + 1)
            try:
                made = socket.create_connection((address, self.port), left)
            except OSError:
                if number == len(tried):
                    raise
                continue
            made.settimeout(max(0.05, self.until - time.monotonic()))
            self.spare = made.dup()
            return made
        raise OSError("no address")


class TlsConnection(PlainConnection, HTTPSConnection):
    """The same with TLS, its certificate held against the host's name."""


def connection_to(
    link: Link, addresses: Sequence[str], until: float, tls: ssl.SSLContext | None = None
) -> PlainConnection:
    """A connection, not yet made, for one request until that moment of the monotonic clock."""
    left = max(0.05, until - time.monotonic())
    made: PlainConnection
    if link.scheme == "http":
        made = PlainConnection(addresses[0], link.port, timeout=left)
    else:
        made = TlsConnection(
            addresses[0], link.port, timeout=left, server_hostname=link.host,
            cert_reqs="CERT_REQUIRED", ssl_context=tls or _public_roots(),
        )  # fmt: skip
    made.addresses, made.until = addresses, until
    return made


@contextlib.contextmanager
def ended_at(connection: PlainConnection, until: float) -> Iterator[None]:
    """Shut the socket at that moment: a host that sends a byte a second keeps no one waiting."""

    def end() -> None:
        if connection.spare is not None:
            with contextlib.suppress(OSError):
                connection.spare.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, until - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()
        if connection.spare is not None:
            connection.spare.close()


@cache
def _public_roots() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())
