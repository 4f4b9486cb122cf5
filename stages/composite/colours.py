"""Colours that stay readable: contrast by WCAG, and an accent moved until text on it is clear."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import skia

from schemas.brand import BrandKit

Colour = tuple[int, int, int]
READABLE = 4.5
"""WCAG 2.2 contrast of text, level AA (success criterion 1.4.3)."""


def parse(value: str | None, default: Colour) -> Colour:
    """(red, green, blue) of "#rrggbb"; `default` for None or anything else."""
    digits = (value or "").strip().removeprefix("#")
    if len(digits) != 6:
        return default
    try:
        number = int(digits, 16)
    except ValueError:
        return default
    return number >> 16, number >> 8 & 255, number & 255


def luminance(colour: Colour) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    linear = [
        c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4
        for c in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def text_on(background: Colour, ink: Colour, paper: Colour) -> Colour:
    """The brand's ink or paper, whichever reads on `background`; black or white if neither."""
    best = max((paper, ink), key=lambda colour: contrast(colour, background))
    if contrast(best, background) >= READABLE:
        return best
    return max(((255, 255, 255), (0, 0, 0)), key=lambda colour: contrast(colour, background))


def readable(colour: Colour, background: Colour, at_least: float = READABLE) -> Colour:
    """`colour` with its lightness moved away from `background` until it contrasts `at_least`.

    Hue and saturation stay. Returns black or white where no lightness is enough.
    """
    hue, light, saturation = colorsys.rgb_to_hls(*(c / 255 for c in colour))
    darker = luminance(background) > 0.18  # the luminance where black and white contrast alike
    for step in range(101):
        if contrast(colour, background) >= at_least:
            return colour
        moved = light * (1 - step / 100) if darker else light + (1 - light) * step / 100
        red, green, blue = colorsys.hls_to_rgb(hue, moved, saturation)
        colour = round(red * 255), round(green * 255), round(blue * 255)
    return colour


def argb(colour: Colour, alpha: float = 1.0) -> int:
    """The colour as skia wants it; `alpha` 0 (clear) to 1."""
    return int(skia.ColorSetARGB(round(255 * min(max(alpha, 0.0), 1.0)), *colour))


@dataclass(frozen=True)
class Palette:
    """The colours of one spot; every pair that text stands on contrasts at least `READABLE`."""

    paper: Colour
    """Of plates and cards."""
    ink: Colour
    """Of text on paper."""
    accent: Colour
    """Of what must be seen first: the spoken word, the price, the button. Readable on paper."""
    on_accent: Colour
    """Of text on the accent."""
    faint: Colour
    """Of lesser text on paper: the former price, the product's name."""

    def upon(self, surface: str) -> Palette:
        """The same brand on another ground: "paper", "ink" or "accent". All pairs read there."""
        if surface == "paper":
            return self
        ground = self.ink if surface == "ink" else self.accent
        text = text_on(ground, self.ink, self.paper)
        mark = readable(self.accent, ground) if surface == "ink" else text
        blend = tuple(round(0.72 * i + 0.28 * p) for i, p in zip(text, ground, strict=True))
        return Palette(
            paper=ground,
            ink=text,
            accent=mark,
            on_accent=text_on(mark, self.ink, self.paper) if surface == "ink" else ground,
            faint=readable((blend[0], blend[1], blend[2]), ground),
        )

    @staticmethod
    def of(brand: BrandKit, accent: str | None) -> Palette:
        """The brand's colours with the product's own accent, moved where they would not read."""
        paper = parse(brand.paper, (255, 255, 255))
        ink = text_on(paper, parse(brand.ink, (29, 31, 36)), paper)
        asked = parse(accent, parse(brand.accent, (228, 87, 46)))
        strong = readable(asked, paper)
        blend = tuple(round(0.68 * i + 0.32 * p) for i, p in zip(ink, paper, strict=True))
        return Palette(
            paper=paper,
            ink=ink,
            accent=strong,
            on_accent=text_on(strong, ink, paper),
            faint=readable((blend[0], blend[1], blend[2]), paper),
        )
