"""Text of the composite stage: whatever is written, it is drawn, in its order, inside its box."""

from __future__ import annotations

import itertools
from decimal import Decimal

import numpy as np
import pytest
import skia

from schemas.brand import BrandKit
from schemas.disclosure import Disclosure
from schemas.layout import FORMATS, Box, formats_of
from schemas.template import Template
from schemas.timeline import Card
from stages.composite.cards import AiLabel, Offer
from stages.composite.colours import READABLE, Palette, contrast, parse
from stages.composite.end_card import EndCard
from stages.composite.end_card_rows import Copy
from stages.composite.fitting import Block
from stages.composite.look import Look
from stages.composite.pieces import visual_order
from stages.composite.price import PriceTag
from stages.composite.text import Lettering
from stages.shared.fonts import Fonts

FRAME = FORMATS["9x16"]
LONG = {
    "latin": "Halvenne Adjustable LED Desk Lamp, Sage Green and Brass, with Dimmer " * 3,
    "one word": "Donaudampfschifffahrtsgesellschaft" * 5,
    "arabic": "قلم حبر فاخر Kelvoro X2 مصنوع من النحاس 24 قيراط بتصميم أنيق " * 3,
    "hebrew": "עט נובע Kelvoro Pro 2 מפליז, מתנה מושלמת לכל אירוע " * 3,
    "hindi": "हस्तनिर्मित सिरेमिक मग क्षत्रिय नीला रंग 350 मिली " * 4,
    "chinese": "手工陶瓷咖啡杯，湖蓝色釉面，容量350毫升，微波炉和洗碗机可用。" * 5,
    "hostile": r"{\fs200\c&H0000FF&}" + "\n':%,[]; movie=/etc/passwd $(id) \u202e\u0000 %{pts}",
}


@pytest.fixture(scope="module")
def lettering() -> Lettering:
    """The shipped fonts, opened once."""
    return Lettering(Fonts())


def _look(lettering: Lettering) -> Look:
    colours = Palette.of(BrandKit(name="B"), "#2f8084")
    return Look(Template(title="clean"), colours, lettering)


def _card(kind: str, end_s: float = 15.0) -> Card:
    area = FRAME.shots["end_card"].card if kind == "end_card" else FRAME.price_tag
    assert isinstance(area, Box)
    return Card(kind, "", 0.0, end_s, area)


def _picture(height_px: int, draw, width_px: int = FRAME.width_px) -> np.ndarray:
    picture = np.zeros((height_px, width_px, 4), np.uint8)
    info = skia.ImageInfo.Make(
        width_px, height_px, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType
    )
    draw(skia.Surface.MakeRasterDirect(info, picture, 4 * width_px).getCanvas())
    return picture


def _ink(picture: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(picture[..., 3] > 40)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize("lines", [1, 2])
def test_long_text_stays_in_its_box(lettering: Lettering, text: str, lines: int) -> None:
    """Would catch a title that runs out of its card, by the pixels that are really drawn."""
    block = lettering.fit(text, "bold", 64, width_px=600, max_lines=lines, max_height_px=190)
    picture = _picture(400, lambda canvas: lettering.draw(canvas, block, (0, 0, 0), 100, 100))
    x0, y0, x1, y1 = _ink(picture)
    assert len(block.lines) <= lines and block.height_px <= 190
    assert x0 >= 100 - 3 and x1 <= 700 + 3, "side bearings may stand out by a hair"
    assert y0 >= 100 - 1 and y1 <= 100 + block.height_px + 1
    assert (x1 - x0) > 200, "and there is something to read"


def test_hostile_text_is_only_text(lettering: Lettering) -> None:
    """Would catch markup, line breaks or overrides in a feed that take over the picture."""
    block = lettering.fit(LONG["hostile"], "bold", 30, width_px=2000, max_lines=1)
    assert block.text == r"{\fs200\c&H0000FF&} ':%,[]; movie=/etc/passwd $(id) %{pts}"
    assert not block.cut


def test_what_does_not_fit_ends_with_an_ellipsis(lettering: Lettering) -> None:
    """Would catch words that vanish without a sign."""
    block = lettering.fit(LONG["latin"], "bold", 64, width_px=600, max_lines=2)
    assert block.cut and block.text.endswith("…")
    whole = lettering.fit("No two alike", "bold", 64, width_px=600, max_lines=2)
    assert not whole.cut and whole.text == "No two alike"


def test_arabic_runs_from_the_right(lettering: Lettering) -> None:
    """Would catch right-to-left text whose words stand in the order of Latin ones."""
    block = lettering.fit("قلم حبر Kelvoro X2 أنيق", "bold", 40, width_px=2000)
    order = [piece.text for piece in sorted(block.lines[0], key=lambda piece: piece.x_px)]
    assert order == ["أنيق", "Kelvoro", "X2", "حبر", "قلم"]


@pytest.mark.parametrize(
    ("directions", "to_left", "expected"),
    [
        ("LLL", False, [0, 1, 2]),
        ("RRR", True, [2, 1, 0]),
        ("RLDR", True, [3, 1, 2, 0]),  # a number goes with the word before it
        ("LRDRL", False, [0, 3, 2, 1, 4]),
        ("RNR", True, [2, 1, 0]),
        ("LRNL", False, [0, 1, 2, 3]),
    ],
)
def test_order_on_screen(directions: str, to_left: bool, expected: list[int]) -> None:
    """Would catch numbers and foreign words that swap places in mixed text."""
    assert visual_order(list(directions), to_left) == expected


def test_arabic_letters_are_joined(lettering: Lettering) -> None:
    """Would catch text that is drawn letter by letter: joined letters are narrower than apart."""
    joined = lettering.width_px("مصنوع", "bold", 60.0)
    apart = sum(lettering.width_px(letter, "bold", 60.0) for letter in "مصنوع")
    assert joined < 0.9 * apart


def test_letters_that_no_font_has_are_told(lettering: Lettering) -> None:
    """Would catch a spot whose title silently lacks words; emoji can be spared."""
    assert lettering.fonts.missing_letters("ᚠᚢ mug 🂡") == "ᚠᚢ"
    assert lettering.fonts.missing_letters("Crème brûlée – ¥199 中文 ½ 수제 😀") == ""
    assert lettering.fonts.drawable("mug 🂡\u200b\n now") == "mug now"
    assert lettering.fonts.spared("mug 😀 🂡") == "🂡"


ACCENTS = ["#2f8084", "#c97b4c", "#ffff00", "#ffffff", "#000000", "#e4572e", "#7f7f7f", "nonsense"]


@pytest.mark.parametrize("accent", ACCENTS)
@pytest.mark.parametrize(("ink", "paper"), [("#1d1f24", "#ffffff"), ("#f5f0e6", "#202830")])
def test_every_pair_of_colours_reads(accent: str, ink: str, paper: str) -> None:
    """Would catch yellow text on white: each pair that text stands on contrasts 4.5 to 1."""
    colours = Palette.of(BrandKit(name="B", ink=ink, paper=paper), accent)
    pairs = [
        (colours.ink, colours.paper), (colours.accent, colours.paper),
        (colours.on_accent, colours.accent), (colours.faint, colours.paper),
    ]  # fmt: skip
    assert all(contrast(one, other) >= READABLE for one, other in pairs)
    assert contrast(parse("#000000", (1, 1, 1)), (255, 255, 255)) == pytest.approx(21)


def test_a_saving_is_never_overstated() -> None:
    """Would catch a rounded-up discount, and a struck price that is lower than the price."""
    sale = Offer.of(Decimal("24.00"), Decimal("28.00"), "USD", "en-US")
    assert sale == Offer("$24", "$28", "−14%")
    assert Offer.of(Decimal("28"), Decimal("24"), "USD", "en-US") == Offer("$28", None, None)
    assert Offer.of(None, None, "USD", "en") is None


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize("regular", [None, "1299999.99"])
def test_the_end_card_holds_whatever_it_is_given(
    lettering: Lettering, text: str, regular: str | None
) -> None:
    """Would catch an end card that leaves the safe zone or covers the product."""
    offer = Offer.of(Decimal("1199999.99"), Decimal(regular) if regular else None, "EUR", "de-DE")
    copy = Copy(brand=text, tagline=text, title=text, cta=text, offer=offer)
    card = EndCard(copy, _card("end_card"), FRAME, _look(lettering))
    top, bottom = card.rect.top() + card.top_px, card.rect.bottom() + card.top_px
    assert top >= FRAME.shots["end_card"].product.y1 * FRAME.height_px
    assert bottom <= FRAME.safe_zone.y1 * FRAME.height_px
    picture = _picture(card.height_px, lambda canvas: card.draw(canvas, 10.0))
    inner = picture.copy()
    inner[int(card.rect.top()) : int(card.rect.bottom()) + 1, 64:1016] = 0
    assert inner[..., 3].max() < 140, "nothing but the shadow lies outside of the card"
    dark = (picture[..., :3].max(axis=2) < 120) & (picture[..., 3] > 250)
    assert not dark[:, :90].any() and not dark[:, 990:].any(), "text keeps off the card's edge"


@pytest.mark.parametrize("price", ["9.99", "1199999.99"], ids=["small", "large"])
def test_small_cards_stay_in_their_boxes(lettering: Lettering, price: str) -> None:
    """Would catch a price tag or label that grows out of its place, or too small a label."""
    size = (FRAME.width_px, FRAME.height_px)
    offer = Offer.of(Decimal(price), Decimal(price) + 1, "USD", "en-US")
    assert offer is not None
    tag = PriceTag(offer, _card("price", 9.0), FRAME, 0, _look(lettering))
    label = AiLabel("Made with artificial intelligence, all of it", FRAME, 0, lettering)
    for rect, box in ((tag.rect, FRAME.price_tag), (label.rect, FRAME.ai_label)):
        x0, y0, x1, y1 = box.pixels(*size)
        assert x0 <= rect.left() and rect.right() <= x1 + 0.5
        assert y0 <= rect.top() and rect.bottom() <= y1 + 0.5
    assert label.rect.height() >= 54
    assert tag.state(8.99) is not None and tag.state(9.0) is None


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_ideographs_of_a_label_are_as_high_as_a_region_asks(
    lettering: Lettering, name: str
) -> None:
    """Would catch letters whose size is 5 % of the short side and whose ink is less."""
    china = Disclosure(region="cn")
    (frame,) = formats_of([name], label_letters=china.letters)
    top = round(frame.ai_label.y0 * frame.height_px) - 20
    label = AiLabel(china.label, frame, top, lettering)
    picture = _picture(140, lambda canvas: label.draw(canvas, 0.0), frame.width_px)
    after_latin = int(label.rect.right() - 100)  # the last ideograph stands there alone
    ink = np.flatnonzero((picture[:, after_latin:, :3].min(axis=2) > 128).any(axis=1))
    assert not label.cut and np.ptp(ink) + 1 >= 0.05 * min(frame.width_px, frame.height_px) - 1
    assert label.rect.top() <= ink[0] and ink[-1] <= label.rect.bottom()


def test_nothing_moves_at_a_constant_pace(lettering: Lettering) -> None:
    """Would catch linear pops: the card's rise slows down towards its place."""
    copy = Copy(brand="Northfold", tagline="No two alike", title=None, cta="Shop", offer=None)
    card = EndCard(copy, _card("end_card"), FRAME, _look(lettering))

    def top(time_s: float) -> int:
        picture = _picture(card.height_px, lambda canvas: card.draw(canvas, time_s))
        return int(np.nonzero(picture[:, 540, 3] > 110)[0].min())

    tops = [top(time_s) for time_s in (0.1, 0.2, 0.3, 0.4)]
    steps = [before - after for before, after in itertools.pairwise(tops)]
    assert steps[0] > 1.5 * steps[1] > 1.5 * steps[2] >= 0


def test_an_empty_text_is_an_empty_block(lettering: Lettering) -> None:
    """Would catch a crash on a column of spaces or of signs that no font has."""
    block = lettering.fit(" 🂡 ", "bold", 40, width_px=100)
    assert isinstance(block, Block) and block.width_px == 0 and block.text == ""
