"""One request to a web service: limits, a key that stays secret, and what its faults mean."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from stages.base import Retry

PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which the same request may succeed."""
CHUNK_BYTES = 2**16
LONGEST_WAIT_S = 30.0
"""A service that asks for a longer pause is not waited for here: `Retry` lets others go on."""


class ServerRefused(ValueError):
    """The server will not do it; the message has its own words."""


def check_url(url: str) -> None:
    """Refuse an address that is none, or that carries a password. Raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"url {url!r} must begin with http:// or https:// and name a host")
    if parts.username or parts.password:
        raise ValueError(
            f"url of {parts.hostname} carries a password, which would reach logs and receipts;"
            " leave it out and set the key's environment variable"
        )


@dataclass(frozen=True, kw_only=True)
class Service:
    """An address and how it is asked. Redirects are not followed: they could lead a key away."""

    url: str
    key_name: str
    """Environment variable with the key of access; without it none is sent."""
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    timeout_s: float = 30.0
    """For a connection, and between two pieces of an answer."""
    whole_s: float = 600.0
    """For an answer as a whole: a server that drips is away, too."""
    most_bytes: int = 512 * 2**20
    """Largest answer that is accepted: a server gone wrong must not fill the disk."""
    tries: int = 1
    """How often a request is sent while the answers are of `PASSING`."""
    wait_s: float = 1.0
    """Before the second try; twice that before the third, or as long as the server asks."""

    def ask(self, method: str, path: str, **form: Any) -> bytes:
        """The answer's content. Raises `Retry` where the service is busy or away, `ServerRefused`
        where it says no, answers too much, or sends us elsewhere. Neither holds the key.
        """
        for attempt in range(1, self.tries + 1):
            try:
                return self._ask_once(method, path, **form)
            except _Busy as busy:
                if attempt == self.tries:
                    raise Retry(str(busy)) from None
                wait_s = busy.wait_s or self.wait_s * 2 ** (attempt - 1)
                if wait_s > LONGEST_WAIT_S:
                    raise Retry(str(busy)) from None
                time.sleep(wait_s)
        raise AssertionError("unreachable")

    def _ask_once(self, method: str, path: str, **form: Any) -> bytes:
        key = os.environ.get(self.key_name)
        said = f"{self.url}: {method} {path}"
        try:
            with requests.request(
                method, f"{self.url.rstrip('/')}/{path}", timeout=self.timeout_s,
                headers={self.key_header: f"{self.key_prefix}{key}"} if key else {}, stream=True,
                allow_redirects=False, **form,
            ) as answer:  # fmt: skip
                found = self._read(answer)
                status, asked = answer.status_code, answer.headers.get("Retry-After", "")
        except (requests.RequestException, HTTPError, OSError) as error:  # or while it was read
            raise _Busy(_without(f"{said}: {error}", key)) from None
        answered = _without(found[:4096].decode(errors="replace"), key)[
            :500
        ]  # then cut, not before
        words = f"{said}: {status} {answered}"
        if status in PASSING:
            raise _Busy(words, float(asked) if asked.isdigit() else 0.0)
        if status // 100 != 2:
            raise ServerRefused(words)
        if len(found) > self.most_bytes:
            raise ServerRefused(f"{said}: larger than {self.most_bytes / 2**20:g} MiB")
        return found

    def _read(self, answer: requests.Response) -> bytes:
        """The content, cut behind `most_bytes`."""
        until, found = time.monotonic() + self.whole_s, bytearray()
        while chunk := answer.raw.read(CHUNK_BYTES, decode_content=True):
            found += chunk
            if len(found) > self.most_bytes:
                break
            if time.monotonic() > until:
                raise OSError(f"the answer was not complete after {self.whole_s:g} s")
        return bytes(found)


class _Busy(Exception):
    """Another try may succeed, after `wait_s` if the server said so."""

    def __init__(self, said: str, wait_s: float = 0.0) -> None:
        super().__init__(said)
        self.wait_s = wait_s


def _without(text: str, key: str | None) -> str:
    return text.replace(key, "***") if key else text
