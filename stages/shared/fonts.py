"""The shipped typefaces, a brand's own in their place, and what text they can draw."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import skia

FOLDER = Path(__file__).parent / "fonts"
WEIGHTS: Mapping[str, str] = {
    "medium": "Inter-Medium.otf",
    "semibold": "Inter-SemiBold.otf",
    "bold": "Inter-Bold.otf",
    "black": "Inter-Black.otf",
}
HEADLINES: Mapping[str, str] = {
    "sans": "Inter-Black.otf",
    "condensed": "Anton-Regular.ttf",
    "serif": "Fraunces-SemiBold.ttf",
}
"""What a template may set its headlines in: the weight "headline"."""
FALLBACKS = (
    "NotoSansArabic-Bold.ttf",
    "NotoSansHebrew-Bold.ttf",
    "NotoSansDevanagari-Bold.ttf",
    "NotoSansKR-Bold.otf",
    "NotoEmoji-Bold.ttf",  # in one colour, that of the text
    "DroidSansFallbackFull.ttf",  # Chinese, Japanese
)
"""Asked in this order for characters that the wanted typeface lacks."""
MOST_FONT_BYTES = 20_000_000
_JOINERS = "\u200c\u200d"
_PLAIN, _ACCENTED = "Hdbfklt|($Q\u20acgjpqy,;@", "\u00c2\u00d6\u0150\u00c5\u00c9\u1ea4"


@dataclass(frozen=True)
class Reach:
    """How far the ink of a typeface goes, in shares of its size."""

    above: float
    """The baseline, of letters without accents."""
    above_accented: float
    """Of capitals with accents on them."""
    below: float


def font_file(name: str) -> Path:
    """Path of a shipped font file. Raises `FileNotFoundError` naming those that there are."""
    path = FOLDER / name
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in FOLDER.glob("*.[ot]tf")))
        raise FileNotFoundError(f"no shipped font {name!r}; there are: {there}")
    return path


class Fonts:
    """Typefaces by weight ("medium", "semibold", "bold", "black", "headline"), with fallbacks.

    A brand's `regular` file takes the place of the two lighter weights, `bold` (or, without it,
    `regular`) of the heavier and of the headline's. Fonts of the machine are never used, so that a
    spot looks the same on every machine.
    """

    def __init__(
        self, regular: Path | None = None, bold: Path | None = None, headline: str = "sans"
    ) -> None:
        """`headline` is one of `HEADLINES`. Raises `ValueError` if a brand's file is not a font."""
        # The empty manager reads files only: it neither looks at nor depends on system fonts.
        files = skia.FontMgr.New_Custom_Empty()
        own = {"medium": regular, "semibold": regular, "bold": bold or regular}
        own["black"] = own["headline"] = own["bold"]
        self._provider = skia.textlayout.TypefaceFontProvider()
        self._fallbacks = [_open(files, FOLDER / name) for name in FALLBACKS]
        self._faces = {
            weight: _open(files, own[weight] or FOLDER / name)
            for weight, name in {**WEIGHTS, "headline": HEADLINES[headline]}.items()
        }
        self._reach = {weight: _reach(face) for weight, face in self._faces.items()}
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
        if weight not in self._faces:
            raise ValueError(f"no font weight {weight!r}; use one of {', '.join(self._faces)}")
        return [weight, "inter", *FALLBACKS]

    def reach(self, weight: str) -> Reach:
        """How far the letters of that weight reach above and below their baseline."""
        return self._reach[weight]

    def can_draw(self, character: str) -> bool:
        """Whether some typeface has a glyph for the character."""
        faces = [
            self._faces["bold"],
            self._inter,
            *self._fallbacks,
        ]  # Inter draws all but a brand's
        return any(face.unicharToGlyph(ord(character)) for face in faces)

    def missing_letters(self, text: str) -> str:
        """Letters and digits of `text` that no typeface can draw, each once, in order.

        What `drawable` leaves out besides these (signs, control characters) can be spared.
        """
        composed = dict.fromkeys(unicodedata.normalize("NFC", text))
        return "".join(
            character
            for character in composed
            if unicodedata.category(character)[0] in "LN" and not self.can_draw(character)
        )

    def spared(self, text: str) -> str:
        """Signs of `text` that `drawable` leaves out because no typeface has them (an emoji that is
        too new), each once; letters are not among them, see `missing_letters`.
        """
        signs = dict.fromkeys(unicodedata.normalize("NFC", text))
        return "".join(sign for sign in signs if _is_sign(sign) and not self.can_draw(sign))

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
        words = "".join(kept).split(" ")  # nothing but joiners may be left of a word
        return " ".join(word for word in words if word.strip("\u00a0" + _JOINERS))


def _is_sign(character: str) -> bool:
    """Also an emoji that this Python is too old to know."""
    category = unicodedata.category(character)
    return category[0] in "SP" or category == "Cn"


def check_font(content: bytes) -> None:
    """Raise `ValueError`, saying what to do, for a file that is no font that letters come from."""
    if len(content) > MOST_FONT_BYTES:
        raise ValueError(f"is {len(content)} bytes; a font has {MOST_FONT_BYTES} at most")
    # A collection, a web font or a Type 1 font may open here and not on the next machine.
    if content[:4] not in (b"\0\1\0\0", b"OTTO", b"true"):
        raise ValueError("is not a TTF or OTF file; convert it, or leave the key out")
    face = skia.FontMgr.New_Custom_Empty().makeFromData(skia.Data.MakeWithCopy(content))
    if face is None:
        raise ValueError("is broken: no typeface can be read from it; export it again")
    lacking = [letter for letter in "AZaz09" if not face.unicharToGlyph(ord(letter))]
    if lacking:
        said = "".join(lacking)
        raise ValueError(f"has no letters for {said!r}; name the font with the whole alphabet")


def _reach(face: skia.Typeface) -> Reach:
    font = skia.Font(face, 1000)

    def ink(text: str) -> skia.Rect:
        bounds = skia.Rect()
        font.measureText("".join(c for c in text if face.unicharToGlyph(ord(c))), bounds=bounds)
        return bounds

    plain, accented = ink(_PLAIN), ink(_ACCENTED)
    above = -plain.top() / 1000
    return Reach(above, max(above, -accented.top() / 1000), max(plain.bottom() / 1000, 0.0))


def _open(files: skia.FontMgr, path: Path) -> skia.Typeface:
    face = files.makeFromFile(str(path))
    if face is None:
        raise ValueError(f"{path.name} is not a font that can be read; give a TTF or OTF file")
    return face
