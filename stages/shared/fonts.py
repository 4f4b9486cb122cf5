"""The shipped typefaces, a brand's own in their place, and what text they can draw."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path

import skia

FOLDER = Path(__file__).parent / "fonts"
WEIGHTS: Mapping[str, str] = {
    "medium": "Inter-Medium.otf",
    "semibold": "Inter-SemiBold.otf",
    "bold": "Inter-Bold.otf",
    "black": "Inter-Black.otf",
}
FALLBACKS = (
    "NotoSansArabic-Bold.ttf",
    "NotoSansHebrew-Bold.ttf",
    "NotoSansDevanagari-Bold.ttf",
    "DroidSansFallbackFull.ttf",  # Chinese, Japanese, Korean
)
"""Asked in this order for characters that the wanted typeface lacks."""
_JOINERS = "\u200c\u200d"


def font_file(name: str) -> Path:
    """Path of a shipped font file. Raises `FileNotFoundError` naming those that there are."""
    path = FOLDER / name
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in FOLDER.glob("*.[ot]tf")))
        raise FileNotFoundError(f"no shipped font {name!r}; there are: {there}")
    return path


class Fonts:
    """Typefaces by weight ("medium", "semibold", "bold", "black"), with fallbacks behind each.

    A brand's `regular` file takes the place of the two lighter weights, `bold` (or, without it,
    `regular`) of the two heavier. Fonts of the machine are never used, so that a spot looks the
    same on every machine.
    """

    def __init__(self, regular: Path | None = None, bold: Path | None = None) -> None:
        """Raises `ValueError` if a brand's file is not a font."""
        # The empty manager reads files only: it neither looks at nor depends on system fonts.
        files = skia.FontMgr.New_Custom_Empty()
        own = {"medium": regular, "semibold": regular, "bold": bold or regular}
        own["black"] = own["bold"]
        self._provider = skia.textlayout.TypefaceFontProvider()
        self._fallbacks = [_open(files, FOLDER / name) for name in FALLBACKS]
        self._faces = {
            weight: _open(files, own[weight] or FOLDER / name) for weight, name in WEIGHTS.items()
        }
        for weight, face in self._faces.items():
            self._provider.registerTypeface(face, weight)
        for name, face in zip(FALLBACKS, self._fallbacks, strict=True):
            self._provider.registerTypeface(face, name)
        # A brand font may lack what Inter has (a currency sign): Inter stands behind it.
        self._inter = _open(files, FOLDER / WEIGHTS["bold"])
        self._provider.registerTypeface(self._inter, "inter")
        self.collection = skia.textlayout.FontCollection()
        self.collection.setDefaultFontManager(self._provider)
        self.unicode = skia.Unicode.ICU_Make()

    def families(self, weight: str) -> list[str]:
        """Family names to ask for, in order, for text of that weight."""
        if weight not in WEIGHTS:
            raise ValueError(f"no font weight {weight!r}; use one of {', '.join(WEIGHTS)}")
        return [weight, "inter", *FALLBACKS]

    def can_draw(self, character: str) -> bool:
        """Whether some typeface has a glyph for the character."""
        faces = [self._faces["bold"], self._inter, *self._fallbacks]
        return any(face.unicharToGlyph(ord(character)) for face in faces)

    def missing_letters(self, text: str) -> str:
        """Letters and digits of `text` that no typeface can draw, each once, in order.

        What `drawable` leaves out besides these (emoji, control characters) can be spared.
        """
        composed = dict.fromkeys(unicodedata.normalize("NFC", text))
        return "".join(
            character
            for character in composed
            if unicodedata.category(character)[0] in "LN" and not self.can_draw(character)
        )

    def drawable(self, text: str) -> str:
        """`text` on one line, without control characters and without what no typeface can draw.

        Composed (NFC), so that an accent typed apart from its letter does not get lost; white
        space collapses to single spaces. Nothing in it is ever read as markup.
        """
        kept = []
        for character in unicodedata.normalize("NFC", text):
            control = unicodedata.category(character).startswith("C")
            if character.isspace():
                kept.append("\u00a0" if character in "\u00a0\u202f" else " ")
            elif character in _JOINERS or (not control and self.can_draw(character)):
                kept.append(character)
        words = "".join(kept).split(" ")
        return " ".join(word for word in words if word.strip("\u00a0" + _JOINERS))


def _open(files: skia.FontMgr, path: Path) -> skia.Typeface:
    face = files.makeFromFile(str(path))
    if face is None:
        raise ValueError(f"{path.name} is not a font that can be read; give a TTF or OTF file")
    return face
