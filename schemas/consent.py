"""Consent: a person's leave that their voice or face is used, as a campaign records it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

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
