"""Link: an http(s) link taken apart once, so that all who use it mean the same host."""

from __future__ import annotations

import re
from dataclasses import dataclass

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from pipeline.web.refusal import LinkRefused
from schemas.links import Links

REFUSED, UNREACHABLE = "image_link_refused", "image_link_unreachable"
LONGEST = 2000
"""Characters of a link; Google takes as many."""
_ODD = re.compile(r"[\x00-\x1f\x7f\\]")
DEFAULT_PORT = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Link:
    """`host` is in ASCII (IDNA) and lower case, an IPv6 address without brackets; `target` is path
    and query, quoted as a request needs them."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole of it."""
        return f"{self.scheme}://{self.authority}{self.target}"


def is_web(link: str) -> bool:
    """Whether a feed's link is one of http or https."""
    return link[:4].lower() == "http" and link[:8].lower().startswith(("http://", "https://"))


def parsed(text: str, rules: Links) -> Link:
    """The link, if the rules let it be followed. Raises `LinkRefused`."""
    if len(text) > LONGEST:
        raise LinkRefused(REFUSED, f"it has {len(text)} characters, more than {LONGEST}")
    if _ODD.search(text):
        raise LinkRefused(REFUSED, "it holds control characters or backslashes")
    if not is_web(text):
        raise LinkRefused(REFUSED, "it is no http or https link")
    try:
        url = parse_url(text)
    except LocationParseError:
        raise LinkRefused(REFUSED, "its host or port cannot be read; correct it") from None
    scheme, host = url.scheme or "", (url.host or "").strip("[]").rstrip(".").lower()
    if url.auth is not None:
        raise LinkRefused(REFUSED, "it holds a user name; link what needs no password")
    if not host or not host.isascii() or "%" in host or len(host) > 253:
        raise LinkRefused(REFUSED, "it names no host that can be asked")
    port = url.port or DEFAULT_PORT[scheme]
    if port not in rules.ports:
        raise LinkRefused(REFUSED, f"port {port} is none of links.ports ({_listed(rules.ports)})")
    if rules.hosts and not any(_is_of(host, named) for named in rules.hosts):
        fix = "add it to links.hosts, or link a picture there"
        raise LinkRefused(REFUSED, f"{host} is none of the campaign's hosts; {fix}")
    return Link(scheme, host, port, url.request_uri)


def _is_of(host: str, named: str) -> bool:
    return host.endswith(named[1:]) if named.startswith("*.") else host == named


def _listed(ports: tuple[int, ...]) -> str:
    return ", ".join(str(port) for port in ports)
