"""Disclosure: what a spot must say of its making, by the rules of the region it is shown in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.config_error import Refusal

Region = Literal["eu", "us-ny", "us-ca", "cn", "none"]

INK = 0.87
"""Height of an ideograph's ink as a share of the size it is set in: the shipped typeface."""


@dataclass(frozen=True)
class RegionProfile:
    """What a region's rules ask of the label at the least. Spotmill shows it from the first frame
    to the last, which is more than each of them asks.

    `least_height` is of the letters, as a share of the frame's short side (0: must be readable, no
    figure); `from_s` the latest it may come, `least_s` how long it must stay at the least (None:
    as long as the spot runs). `aigc` says whether the file must carry the AIGC field.
    """

    text: str
    least_height: float
    from_s: float
    least_s: float | None
    aigc: bool
    rule: str


REGIONS: Mapping[str, RegionProfile] = {
    "eu": RegionProfile(
        "AI-generated", 0.0, 0.0, None, False,
        "AI Act art. 50(4): clear, and no later than the first exposure",
    ),
    "us-ny": RegionProfile(
        "AI-generated performer", 0.0, 0.0, None, False,
        "N.Y. Gen. Bus. Law 396-b: a synthetic performer is disclosed conspicuously",
    ),
    "us-ca": RegionProfile(
        "AI-generated", 0.0, 0.0, None, False,
        "Cal. SB 942: provider, system, version and id in the file; a label is offered",
    ),
    "cn": RegionProfile(
        "AI生成", 0.05, 0.0, 2.0, True,
        "GB 45438-2025: letters of 5 % of the short side, 2 s from the start; AIGC field",
    ),
    "none": RegionProfile("AI-generated", 0.0, 0.0, None, False, "no rule of a region"),
}  # fmt: skip
"""What was read of each rule, and when: docs/provenance.md."""

UPLOAD_HINTS: tuple[tuple[str, str, str], ...] = (
    ("tiktok", "post_info.is_aigc", "true"),
    ("youtube", "status.containsSyntheticMedia", "true"),
    ("meta", "ai_info", "read from the file: Content Credentials and IPTC DigitalSourceType"),
)
"""(platform, field of its upload, value): what must be said beside the file."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Override(_Part):
    """A departure from the region's profile, for which somebody answers. The audit records it."""

    reason: Annotated[str, Field(min_length=8, max_length=500)]
    by: Annotated[str, Field(min_length=2, max_length=120)]
    label: bool = True
    """False switches the visible label off. The file says of itself all the same."""


class Disclosure(_Part):
    """The visible label, and what is said in the file and beside it."""

    region: Region = "none"
    text: Annotated[str, Field(min_length=2, max_length=40)] | None = None
    """In the place of the region's own words."""
    override: Override | None = None

    @property
    def profile(self) -> RegionProfile:
        """The region's rules."""
        return REGIONS[self.region]

    @property
    def shown(self) -> bool:
        """Whether the label is drawn."""
        return self.override is None or self.override.label

    @property
    def label(self) -> str:
        """What is drawn; "" where the label is switched off."""
        return (self.text or self.profile.text) if self.shown else ""

    @property
    def letters(self) -> float:
        """Size of the label's letters at the least, as a share of the frame's short side; 0 where
        the region asks for no figure, or somebody answers for smaller ones."""
        return 0.0 if self.override else round(self.profile.least_height / INK, 4)

    def contradictions(self, cut_in: Iterable[str]) -> Iterator[Refusal]:
        """Where the label does not fit whole into the formats `cut_in`."""
        names = ", ".join(cut_in)
        if names and self.letters:
            fix = (
                f"with letters as large as its rules ask ({self.profile.rule}) it has no room in"
                f" {names}; shorten it, or answer for smaller letters in disclosure.override"
                " {reason, by}"
            )
            yield Refusal("disclosure.text", self.label, fix)
        elif names:
            yield Refusal("disclosure.text", self.label, f"it has no room in {names}; shorten it")

    def to_record(self) -> dict[str, Any]:
        """For the ledger and the audit: what was decided, and by whom where it departs."""
        over = self.override
        return {
            "region": self.region,
            "label": self.label,
            "rule": self.profile.rule,
            "override_by": over.by if over else None,
            "override_reason": over.reason if over else None,
        }


def as_disclosure(value: Any) -> Any:
    """A plain text is a label of no region in particular."""
    return {"text": value} if isinstance(value, str) else value
