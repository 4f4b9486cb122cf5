"""Signing: the part of a campaign that says who signs, with which key, and who stamps the time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.config_error import Refusal

_NEEDS = {
    "dev": (),
    "file": ("certificate", "private_key", "anchors"),
    "kms": ("key", "certificate", "anchors"),
}
_OF_ONE = {"folder": "dev", "private_key": "file", "key": "kms", "region": "kms"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Timestamp(_Part):
    """RFC 3161 time stamps: with one, a signature outlives its certificate."""

    authorities: Annotated[tuple[str, ...], Field(min_length=1, max_length=4)]
    """Addresses (http or https) of time-stamp services, asked in this order."""
    when_none_answers: Literal["require", "mark-and-continue"] = "require"
    """`require`: the spot is tried again, then fails. `mark-and-continue`: it is signed without a
    stamp, and a verdict and the metric `time_stamped` say so."""
    anchors: str | None = None
    """PEM file with the authorities' roots. Without it the stamp must lead to `signing.anchors`."""

    @field_validator("authorities")
    @classmethod
    def _addresses(cls, authorities: tuple[str, ...]) -> tuple[str, ...]:
        for address in authorities:
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"{address!r} is no address; write http://... or https://...")
            if parts.username or parts.password:
                raise ValueError("a password in an address is seen in logs; use one without")
        return authorities


class Signing(_Part):
    """Who signs: `dev` makes a chain on this machine on first use, `file` brings one as PEM files,
    `kms` asks AWS KMS, whose key never leaves it."""

    signer: Literal["dev", "file", "kms"] = "dev"
    folder: str | None = None
    """dev: where its chain lies."""
    certificate: str | None = None
    """PEM file: the leaf, then the intermediates."""
    private_key: str | None = None
    """file: PEM file with the leaf's key, at the same place on every machine that signs."""
    key: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    """kms: ARN, id or "alias/..." of an ECC_NIST_P256 key that may sign."""
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{2,30}$")] | None = None
    """kms: the key's AWS region; the environment's if left out."""
    anchors: str | None = None
    """PEM file with the roots that readers are to trust."""
    timestamp: Timestamp | None = None
    timestamp_url: str | None = None
    """One authority whose stamp is required: `timestamp: {authorities: [...]}`, in short."""
    warn_days: Annotated[int, Field(ge=0, le=365)] = 30
    """A certificate that ends within so many days is warned of when a run is planned."""

    @property
    def stamps(self) -> Timestamp | None:
        """The authorities and the policy, however they were written."""
        if self.timestamp is None and self.timestamp_url is not None:
            return Timestamp(authorities=(self.timestamp_url,))
        return self.timestamp

    def contradictions(self, environment: str) -> Iterator[Refusal]:
        """What does not fit together, or not with the campaign's `environment`."""
        if environment == "production" and self.signer == "dev":
            fix = "the dev signer is trusted by nobody else; set signing.signer to file or kms"
            yield Refusal("signing.signer", "dev", fix)
        for key in _NEEDS[self.signer]:
            if getattr(self, key) is None:
                what = "name the key" if key == "key" else "name the PEM file"
                fix = f"signing.signer is {self.signer}; {what} here"
                yield Refusal(f"signing.{key}", "not set", fix)
        for key, signer in _OF_ONE.items():
            if getattr(self, key) is not None and self.signer != signer:
                fix = f"goes with signer {signer} alone; leave it out, or set signing.signer"
                yield Refusal(f"signing.{key}", str(getattr(self, key)), fix)
        if self.timestamp_url is not None:
            if self.timestamp is not None:
                fix = "signing.timestamp names authorities already; leave this out"
                yield Refusal("signing.timestamp_url", self.timestamp_url, fix)
            else:
                try:
                    Timestamp(authorities=(self.timestamp_url,))
                except ValueError:
                    fix = "write http://... or https://..., without a password"
                    yield Refusal("signing.timestamp_url", "an address", fix)
