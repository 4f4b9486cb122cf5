"""Consent: a person's leave that their voice or face is used, as a campaign records it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.config_error import Refusal


class Consent(BaseModel):
    """A person's leave to speak with their voice, or to show their face."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    given_by: Annotated[str, Field(min_length=2, max_length=120)]
    """The person whose voice or face it is, or who may give leave for them."""
    given_on: Date
    scope: Annotated[str, Field(min_length=4, max_length=400)]
    """What it was given for: "this campaign, US, until the end of 2027"."""
    record: Annotated[str, Field(min_length=4, max_length=500)]
    """Where the signed record lies: an address, or a number in your archive."""
    until: Date | None = None
    """The last day on which it holds; None if the record names none."""
    file: str | None = Field(default=None, exclude=True)
    """The record itself, where the campaign names a file (.json) in the place of these words."""

    def __str__(self) -> str:
        until = f" until {self.until}" if self.until else ""
        return (
            f"consent given by {self.given_by} on {self.given_on}{until} for {self.scope};"
            f" record: {self.record}"
        )

    def refusals(self, key: str, what: str, today: Date) -> Iterator[Refusal]:
        """What is wrong with its days; `key` is where it stands, `what` the voice or portrait."""
        day = max(today, Date.today())
        if self.given_on > day:
            fix = f"is in the future; {what} may be used after its owner agreed"
            yield Refusal(f"{key}.given_on", str(self.given_on), fix)
        if self.until is not None and self.until < day:
            fix = f"is over; ask for it again, or take another {what.removeprefix('a ')}"
            yield Refusal(f"{key}.until", str(self.until), fix)


EVERYWHERE = "*"
Territory = Annotated[str, Field(pattern=r"^(\*|[A-Z]{2})$")]
"""ISO 3166-1 alpha-2 ("US"), or "*" for the world."""


class Rights(BaseModel):
    """Where and for what spots are used, which records of consent must cover; and whose signature
    they must have."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    territories: tuple[Territory, ...] = (EVERYWHERE,)
    """Where the spots are shown."""
    use: Annotated[str, Field(min_length=2, max_length=60)] = "advertising"
    """What they are for: a word of the records' `scope`."""
    public_key: str | None = None
    """Ed25519, PEM. With it each record must be signed: 64 bytes, or their base64, in a file of the
    record's name and ".sig"."""

    @field_validator("territories")
    @classmethod
    def _somewhere(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not given:
            raise ValueError("name at least one, or leave the key out: then it is the world")
        return given


class ConsentRecord(BaseModel):
    """A person's consent as a file: whose picture or voice, for what, where, until when."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{1,99}$")]
    """Its number in your archive: it stands in the ledger and in the credentials."""
    subject: Annotated[str, Field(min_length=2, max_length=120)]
    """The person."""
    given_on: Date
    scope: Annotated[tuple[str, ...], Field(min_length=1)]
    """Uses that it allows: ["advertising", "training"]."""
    territories: Annotated[tuple[Territory, ...], Field(min_length=1)]
    expires: Date
    """The last day on which it holds."""
    media: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    """sha256 of each picture and recording; of a rig's folder its digest, which a refusal names."""
    voices: tuple[str, ...] = ()
    """Voices without a recording: "<url, model or preset>#<name>"."""

    def __str__(self) -> str:
        return (
            f"consent {self.id} of {self.subject}, given on {self.given_on}, until {self.expires},"
            f" for {', '.join(self.scope)} in {', '.join(self.territories)}"
        )

    def to_words(self, file: str) -> dict[str, str]:
        """As a campaign says it in words (`Consent`)."""
        return {
            "given_by": self.subject,
            "given_on": str(self.given_on),
            "until": str(self.expires),
            "scope": f"{', '.join(self.scope)} in {', '.join(self.territories)}",
            "record": self.id,
            "file": file,
        }

    def refusals(self, key: str, identity: str, rights: Rights, today: Date) -> Iterator[Refusal]:
        """What of it does not cover this use. `key` is where the campaign names it, `identity` the
        sha256 of the picture or recording, or the name of a voice."""
        day = max(today, Date.today())
        if self.given_on > day:
            fix = f"{self.id} is of {self.given_on}; it may be used after its owner agreed"
            yield Refusal(key, str(self.given_on), fix)
        if self.expires < day:
            fix = f"{self.id} of {self.subject} is over; ask for it again, or take another"
            yield Refusal(key, str(self.expires), fix)
        if rights.use not in self.scope:
            fix = f"{self.id} allows {', '.join(self.scope)}; ask for this use, or set rights.use"
            yield Refusal(key, rights.use, fix)
        beyond = sorted(set(rights.territories) - set(self.territories))
        if beyond and EVERYWHERE not in self.territories:
            where = ", ".join(self.territories)
            fix = (
                f"{self.id} is for {where} alone; name where spots are shown in rights.territories"
            )
            yield Refusal(key, ", ".join(beyond), fix)
        if identity not in (*self.media, *self.voices):
            fix = f"{self.id} does not name it; a record covers the media and voices that it lists"
            yield Refusal(key, identity, fix)
