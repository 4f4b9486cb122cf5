"""Products from Merchant feed rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from schemas.money import Price
from schemas.product import PRODUCT_SCHEMA, Product, ProductRefused, attribute_name, clean_text

ROW = {
    "id": "MUG-1",
    "title": "Stoneware Mug",
    "image_link": "https://shop.example.com/mug.jpg",
    "price": "28.00 USD",
}
SALE = {"sale_price": "24.00 USD"}


def product(**attributes: str) -> Product:
    """The product of a good row with some attributes changed."""
    return Product.from_row(ROW | attributes)


@pytest.mark.parametrize(
    "spelled", ["image_link", "g:image_link", "image link", "Image_Link", '"Image-Link"']
)
def test_attribute_names_in_every_dress(spelled: str) -> None:
    """Would catch a feed refused for how its columns are spelled."""
    assert attribute_name(spelled) == "image_link"


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<b>Mug</b> &amp; saucer", "Mug & saucer"),
        ("&lt;b&gt;Mug&lt;/b&gt;", "Mug"),
        ("&amp;lt;p&amp;gt;Mug&amp;lt;/p&amp;gt;", "Mug"),
        ("Mug<br/>12 oz\r\n\t now", "Mug 12 oz now"),
        ("for plants < 5 cm and > 2 cm", "for plants < 5 cm and > 2 cm"),
        ("Mug<script>alert('x')</script>", "Mug"),
        ("Mug\u202egum\u200b\ufeff\x07", "Muggum"),
        ("Cafe\u0301&nbsp;Mug", "Café Mug"),
        ("<i>Mug</i>, large", "Mug, large"),
    ],
)
def test_texts_are_cleaned(dirty: str, clean: str) -> None:
    """Would catch markup, entities or direction marks on the end card."""
    assert clean_text(dirty) == clean


def test_long_titles_are_cut_at_a_word() -> None:
    """Would catch a title that fills the frame, or one cut inside a word."""
    cut = product(title="candle " * 60)
    assert len(cut.title) <= 150 and cut.title.endswith("candle…")
    assert "title has 419 characters" in cut.warnings[0]
    chinese = product(title="烛" * 200)
    assert len(chinese.title) == 150
    assert product(title="x" * 150).warnings == ()


def test_unknown_attributes_are_kept() -> None:
    """Would catch a custom label that is lost on the way."""
    assert product(custom_label_0="video", mpn="M1").extra == {"custom_label_0": "video"}


def test_further_images() -> None:
    """Would catch an image server's own commas taken for separators."""
    links = "https://a.example.com/w_1,h_2/x.jpg,https://a.example.com/y.jpg , https://a.example.com/y.jpg"
    assert product(additional_image_link=links).additional_image_link == (
        "https://a.example.com/w_1,h_2/x.jpg",
        "https://a.example.com/y.jpg",
    )
    assert product(additional_image_link="a.jpg,b.jpg").additional_image_link == ("a.jpg", "b.jpg")


@pytest.mark.parametrize(
    ("interval", "day", "on_sale"),
    [
        ("", date(2026, 1, 1), True),
        ("2026-11-23T00:00+0000/2026-12-06T23:59+0000", date(2026, 11, 22), False),
        ("2026-11-23T00:00+0000/2026-12-06T23:59+0000", date(2026, 11, 23), True),
        ("2026-11-23T00:00+0000/2026-12-06T23:59+0000", date(2026, 12, 6), True),
        ("2026-11-23T00:00+0000/2026-12-06T23:59+0000", date(2026, 12, 7), False),
        ("2026-11-23T13:00-0800 / 2026-12-06T00:00-0800", date(2026, 11, 23), True),
        ("2026-11-23T13:00-0800 / 2026-12-06T00:00-0800", date(2026, 12, 6), False),
        ("2026-11-23/2026-12-06", date(2026, 12, 6), True),
        ("next week", date(2026, 11, 24), False),
    ],
)
def test_sale_prices_hold_on_their_days(interval: str, day: date, on_sale: bool) -> None:
    """Would catch a sale shown a day early or late: an untrue price."""
    mug = product(**SALE, sale_price_effective_date=interval)
    regular, sale = Price(Decimal("28.00"), "USD"), Price(Decimal("24.00"), "USD")
    assert mug.price_on(day) == ((sale, regular) if on_sale else (regular, None))
    assert bool(mug.warnings) == (interval == "next week")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"id": " "}, "missing_id", "id is empty"),
        ({"title": "<b></b>"}, "missing_title", "title is empty"),
        ({"price": ""}, "missing_price", "price is empty"),
        ({"price": "on request"}, "invalid_price", "on request"),
        ({"image_link": ""}, "missing_image_link", "image_link is empty"),
        ({"sale_price": "42 USD"}, "sale_price_not_below_price", "42 USD is not below price 28.00"),
        ({"sale_price": "28.00 USD"}, "sale_price_not_below_price", "not below"),
        ({"sale_price": "24 EUR"}, "invalid_sale_price", "currency"),
        ({"sale_price": "less"}, "invalid_sale_price", "less"),
        ({"availability": "out of stock"}, "out_of_stock", "out of stock"),
        ({"availability": "Out_Of_Stock"}, "out_of_stock", "Out_Of_Stock"),
    ],
)
def test_refusals_name_attribute_value_and_fix(
    changes: dict[str, str], code: str, words: str
) -> None:
    """Would catch a product advertised that cannot be sold, or a reason nobody can act on."""
    with pytest.raises(ProductRefused) as refused:
        product(**changes)
    assert refused.value.reason_code == code
    assert words in refused.value.reason


def test_travels_through_arrow() -> None:
    """Would catch a schema that the product's own row does not fit, or a price that loses cents."""
    mug = product(**SALE, sale_price_effective_date="2026-11-23/2026-12-06", colour="teal")
    table = pa.Table.from_pylist([mug.to_arrow_row()], schema=PRODUCT_SCHEMA)
    row = table.to_pylist()[0]
    assert row["price"] == Decimal("28.000") and row["currency"] == "USD"
    assert row["sale_price"] == Decimal("24.000")
    assert dict(row["extra"]) == {"colour": "teal"}
    again = Product.from_row(
        ROW | SALE | {"sale_price_effective_date": row["sale_price_effective_date"]}
    )
    assert again.sale_price_effective_date == mug.sale_price_effective_date
    assert table.schema.metadata[b"schema_version"] == b"1"
