"""Host: a drawn presenter as a data file: face, hair, clothes. `stages/avatar/hosts` has some."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.checked import checked

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
BRAND_COLOURS = ("accent", "ink", "paper")
BrandOrColour = Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6}|accent|ink|paper)$")]
"""A colour, or one of the campaign's brand."""

Factor = Annotated[float, Field(ge=0.8, le=1.2)]
"""Of the usual size, 0.8 to 1.2."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Face(_Part):
    """Proportions; 1.0 is the middle of what looks natural."""

    width: Factor = 1.0
    length: Factor = 1.0
    jaw: Factor = 1.0
    """Width of jaw and chin."""
    nose: Factor = 1.0
    mouth: Factor = 1.0
    lips: Annotated[float, Field(ge=0.6, le=1.4)] = 1.0
    """Fullness."""
    lip_colour: Colour | None = None
    """Without it, the skin's own red."""
    blush: Share = 0.5


class Eyes(_Part):
    """`slant` lifts the outer corners; `lashes` thickens the upper line."""

    colour: Colour = "#4a3526"
    size: Factor = 1.0
    spacing: Factor = 1.0
    slant: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.2
    lashes: Share = 0.5


class Brows(_Part):
    """`colour` follows the hair if left out."""

    colour: Colour | None = None
    weight: Annotated[float, Field(ge=0.5, le=1.8)] = 1.0
    arch: Share = 0.5


class Hair(_Part):
    """`scarf` covers hair and neck; its colour may be the brand's."""

    style: Literal["long", "bob", "crop", "curls", "bun", "scarf", "none"]
    colour: BrandOrColour = "#2b1c15"


class Glasses(_Part):
    """Frames without reflections."""

    shape: Literal["round", "square"] = "round"
    colour: BrandOrColour = "#2a2320"


class Outfit(_Part):
    """`main` is the garment, `second` what shows under or on it: shirt, piping, collar."""

    shape: Literal["crew", "v_neck", "shirt", "blazer", "turtleneck"]
    main: BrandOrColour = "accent"
    second: BrandOrColour = "paper"
    shoulders: Factor = 1.0


class Host(_Part):
    """A drawn person. No likeness of anybody: a file says which shapes and colours, no more."""

    title: Annotated[str, Field(min_length=1, max_length=80)]
    skin: Colour
    face: Face = Face()
    eyes: Eyes = Eyes()
    brows: Brows = Brows()
    hair: Hair
    beard: Literal["none", "stubble"] = "none"
    glasses: Glasses | None = None
    outfit: Outfit

    def in_colours(self, accent: str, ink: str, paper: str) -> Host:
        """The host with the brand's colours ("#rrggbb") where it asks for them."""
        brand = {"accent": accent, "ink": ink, "paper": paper}
        hair = self.hair.model_copy(
            update={"colour": brand.get(self.hair.colour, self.hair.colour)}
        )
        outfit = self.outfit.model_copy(
            update={
                "main": brand.get(self.outfit.main, self.outfit.main),
                "second": brand.get(self.outfit.second, self.outfit.second),
            }
        )
        glasses = self.glasses and self.glasses.model_copy(
            update={"colour": brand.get(self.glasses.colour, self.glasses.colour)}
        )
        return self.model_copy(update={"hair": hair, "outfit": outfit, "glasses": glasses})


def parse_host(raw: Any, source: str) -> Host:
    """The host of a parsed YAML document. Raises `ConfigError` naming each key, value and fix."""
    return checked(Host, raw, source, _colour_in_words)


def _colour_in_words(error: Any) -> str | None:
    if error["type"] != "string_pattern_mismatch":
        return None
    takes_brand = "accent" in error["ctx"]["pattern"]
    words = f", or one of {', '.join(BRAND_COLOURS)}" if takes_brand else ""
    return f'write a colour in quotes, as in "#2a6f73"{words}'
