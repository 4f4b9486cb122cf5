"""Fetcher: one picture of a host that nobody knows, from an address that was looked at first."""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from urllib3.exceptions import HTTPError

from pipeline.web.connection import connection_to, ended_at
from pipeline.web.kinds import picture_suffix, told
from pipeline.web.link import REFUSED, UNREACHABLE, Link, parsed
from pipeline.web.refusal import LinkRefused
from pipeline.web.resolver import Resolve, Resolver
from schemas.links import Links

MISSING, TOO_LARGE = "image_link_missing", "image_link_too_large"
NO_PICTURE = "image_link_no_picture"
MOST_REDIRECTS = 4
CHUNK_BYTES = 1 << 16
_PASSING = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)
_AGAIN = "it is tried again with the next run"


@dataclass(frozen=True)
class Fetched:
    """A file as it came. `etag` and `modified` are what the host calls its version; "" for none."""

    content: bytes
    suffix: str
    etag: str = ""
    modified: str = ""


class Fetcher:
    """Fetches pictures, from any thread. Knows neither cookies nor the environment's proxies."""

    def __init__(
        self, rules: Links, *, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        """`resolve` stands for the system's resolver, `tls` for the public roots."""
        self.rules, self._tls = rules, tls
        self._resolver = Resolver(resolve, rules.private_networks)

    def fetch(self, url: str, *, etag: str = "", modified: str = "") -> Fetched | None:
        """The picture at `url`; None if it still is the version that `etag` or `modified` name.

        The host is resolved once, every address it has is looked at, and the connection goes to one
        of these, redirects of the same host included. Raises `LinkRefused`.
        """
        until = time.monotonic() + self.rules.time_limit_s
        link = parsed(url, self.rules)
        addresses = self._resolver.addresses(link, until)
        for _ in range(MOST_REDIRECTS + 1):
            got = self._ask(link, addresses, until, etag, modified)
            if not isinstance(got, str):
                return got
            link = self._redirected(link, got)
        raise LinkRefused(REFUSED, f"it redirects more than {MOST_REDIRECTS} times")

    def _redirected(self, link: Link, location: str) -> Link:
        """Where a redirect leads, if it stays at its host. Raises `LinkRefused`."""
        there = parsed(urljoin(link.url, location), self.rules)
        if there.host != link.host:
            said = f"it redirects to another host ({there.host}); link the picture there"
            raise LinkRefused(REFUSED, said)
        if (link.scheme, there.scheme) == ("https", "http"):
            raise LinkRefused(REFUSED, "it redirects from https to http")
        return there

    def _ask(
        self, link: Link, addresses: list[str], until: float, etag: str, modified: str
    ) -> Fetched | str | None:
        """One request: the picture, where it redirects to, or None if it has not changed."""
        headers = {
            "Host": link.authority, "User-Agent": "Spotmill (product pictures)",
            "Accept": "image/avif,image/webp,image/png,image/jpeg,image/gif",
            "Accept-Encoding": "identity", "Connection": "close",
        }  # fmt: skip
        headers |= {"If-None-Match": etag} if etag else {}
        headers |= {"If-Modified-Since": modified} if modified else {}
        connection = connection_to(link, addresses, until, self._tls)
        try:
            with ended_at(connection, until):
                connection.request(
                    "GET", link.target, headers=headers, preload_content=False, decode_content=False
                )
                return self._answered(connection.getresponse(), until)
        except (OSError, HTTPError, ValueError, http.client.HTTPException) as error:
            raise self._failed(link, error, time.monotonic() >= until) from None

    def _failed(self, link: Link, error: BaseException, late: bool) -> LinkRefused:
        for one in (error, error.__cause__, error.__context__, *error.args):
            if isinstance(one, ssl.SSLCertVerificationError):
                said = f"the certificate of {link.host} does not hold ({one.verify_message})"
                return LinkRefused(REFUSED, f"{said}; renew it")
        why = f"more than {self.rules.time_limit_s:g} s" if late else _plainly(error)
        return LinkRefused(
            UNREACHABLE, f"{link.host} did not send it ({why}); {_AGAIN}", passing=True
        )

    def _answered(self, answer: Any, until: float) -> Fetched | str | None:
        status, headers = answer.status, answer.headers
        if status == 304:
            return None
        if status in (301, 302, 303, 307, 308) and headers.get("Location"):
            return str(headers["Location"])
        if status != 200:
            if status in _PASSING:
                raise LinkRefused(UNREACHABLE, f"its host answers {status}; {_AGAIN}", passing=True)
            raise LinkRefused(MISSING, f"its host answers {status}; correct the link")
        if headers.get("Content-Encoding", "identity").lower() != "identity":
            raise LinkRefused(NO_PICTURE, "its host packed it, though it was asked not to")
        content = self._read(answer, until)
        suffix = picture_suffix(content[:32])
        if suffix is None:
            said = f"it is no JPEG, PNG, WebP, AVIF or GIF but {told(content[:400])}"
            raise LinkRefused(NO_PICTURE, f"{said}; link a photo")
        return Fetched(content, suffix, _kept(headers, "ETag"), _kept(headers, "Last-Modified"))

    def _read(self, answer: Any, until: float) -> bytes:
        """The whole of it, counted as it comes: what a header says of the length may be a lie."""
        most = int(self.rules.max_image_mb * 1e6)
        said = f"it has more than {self.rules.max_image_mb:g} MB; save it smaller"
        stated = answer.headers.get("Content-Length", "")
        if stated.isdecimal() and len(stated) < 20 and int(stated) > most:
            raise LinkRefused(TOO_LARGE, said)
        content = bytearray()
        while part := answer.read(CHUNK_BYTES, decode_content=False):
            content += part
            if len(content) > most:
                raise LinkRefused(TOO_LARGE, said)
        if time.monotonic() >= until:  # the end may be where the connection was shut
            raise TimeoutError
        return bytes(content)


def _kept(headers: Any, name: str) -> str:
    """What a host calls a version, to be sent back to it: a line of its own, and a short one."""
    value = str(headers.get(name, ""))
    return value if len(value) <= 200 and value.isascii() and value.isprintable() else ""


def _plainly(error: BaseException) -> str:
    for kind, words in (
        (TimeoutError, "no answer in time"),
        (ConnectionRefusedError, "connection refused"),
        (ConnectionError, "the connection broke"),
        (ssl.SSLError, "TLS failed"),
    ):
        if isinstance(error, kind):
            return words
    return type(error).__name__
