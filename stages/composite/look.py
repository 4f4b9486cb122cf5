"""Look: a template with the colours and letters of one spot, as all that draws asks it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.template import Template
from stages.composite.colours import Palette
from stages.composite.text import Lettering


@dataclass(frozen=True)
class Look:
    """What the sprites of a spot share."""

    template: Template
    palette: Palette
    lettering: Lettering
    language: str = "en"

    def radius(self, round_px: float) -> float:
        """Of a corner that is `round_px` where corners are round."""
        return round_px if self.template.corners == "round" else 0.0

    def cased(self, text: str, case: str) -> str:
        """The text as the template writes it; capitals by the rules of the language."""
        if case != "upper":
            return text
        if self.language.split("-")[0].lower() in ("tr", "az"):
            text = text.replace("i", "İ").replace("ı", "I")
        return text.upper()

    def weight(self, face: str, otherwise: str = "bold") -> str:
        """The weight that text of a template's "face" is set in."""
        return "headline" if face == "headline" else otherwise
