"""Brand kit: what makes a spot look like its brand."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.asset import Asset


@dataclass(frozen=True)
class BrandKit:
    """Name, colours ("#rrggbb"), and optional files of the advertiser (the shop, not the product).

    `logo` is a picture with alpha; `font` and `font_bold` replace the shipped Inter.
    """

    name: str
    ink: str = "#1d1f24"
    paper: str = "#ffffff"
    accent: str = "#e4572e"
    logo: Asset | None = None
    font: Asset | None = None
    font_bold: Asset | None = None
