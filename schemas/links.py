"""Links: where the links of a feed may lead, and how pictures on the web are fetched."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ROOT = re.compile(r"([a-z][a-z0-9]*://[^/\s]+|/)\S*")
_BUCKETS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss")


class Links(BaseModel):
    """A feed is written by others: what its links may open is said here, by who runs the campaign.

    Paths below the feed's folder (or the campaign's `images`) may always be linked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    web: bool = True
    """Whether http(s) links of pictures are fetched, where the campaign names no `images`."""
    hosts: tuple[str, ...] = ()
    """Only these: "cdn.example.com", or "*.example.com" for all below it. If left out: any that
    has a public address."""
    roots: tuple[str, ...] = ()
    """Buckets and folders whose files may be linked by their full URL ("s3://shop-photos/"); a
    local folder (absolute) is one where symbolic links may lead to."""
    max_age_hours: Annotated[float, Field(ge=0, le=8760)] = 24.0
    """A picture that was asked for more recently is taken as it was; with a larger value a picture
    that is exchanged at the same address is seen later, and fewer requests are made."""
    max_image_mb: Annotated[float, Field(gt=0, le=100)] = 20.0
    """Of one file, in millions of bytes."""
    time_limit_s: Annotated[float, Field(ge=0.2, le=120)] = 10.0
    """For one file from the first packet to the last byte, redirects included."""
    per_host: Annotated[int, Field(ge=1, le=64)] = 6
    """Connections to one host at a time."""
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = (80, 443)
    private_networks: tuple[str, ...] = ()
    """Networks that are not public and may be asked all the same ("10.20.0.0/16"): a picture
    server of one's own. Addresses at which clouds give out credentials are refused even so."""

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not _HOST.fullmatch(host.lower()):
                raise ValueError(
                    f'"{host}" is no host; write "cdn.example.com" or "*.example.com", without'
                    " scheme, port or path (letters beyond ASCII as xn--...)"
                )
        return tuple(host.lower() for host in hosts)

    @field_validator("roots")
    @classmethod
    def _are_roots(cls, roots: tuple[str, ...]) -> tuple[str, ...]:
        for root in roots:
            scheme = root.partition("://")[0] if "://" in root else ""
            plain = _ROOT.fullmatch(root) and "::" not in root and ".." not in root.split("/")
            if not plain or (scheme and scheme not in _BUCKETS):
                raise ValueError(
                    f'"{root}" is no root; write a bucket ("s3://shop-photos/", gs://, abfs://) or'
                    " an absolute folder"
                )
        return tuple(root.rstrip("/") + "/" for root in roots)

    @field_validator("private_networks")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f'{error}; write a network as "10.20.0.0/16"') from None
        return networks
