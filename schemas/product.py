"""Product: one row of a Google Merchant feed, cleaned and checked."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from schemas.money import Price, parse_price

SCHEMA_VERSION = "1"

TITLE_CHARACTERS = 150  # Google's limits
DESCRIPTION_CHARACTERS = 5000

_MONEY = pa.decimal128(18, 3)
_TEXTS = ("availability", "brand", "gtin", "mpn", "condition", "google_product_category",
          "product_type", "color", "material", "size", "item_group_id")  # fmt: skip

PRODUCT_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("description", pa.string()),
        pa.field("link", pa.string()),
        pa.field("image_link", pa.string(), nullable=False),
        pa.field("additional_image_link", pa.list_(pa.string())),
        pa.field("price", _MONEY, nullable=False),
        pa.field("sale_price", _MONEY),
        pa.field("currency", pa.string(), nullable=False),  # ISO 4217
        pa.field("sale_price_effective_date", pa.string()),  # ISO 8601 interval
        *[pa.field(name, pa.string()) for name in _TEXTS],
        pa.field("extra", pa.map_(pa.string(), pa.string())),
    ],
    metadata={"schema": "spotmill.product", "schema_version": SCHEMA_VERSION},
)

_NAMES = {"image": "image_link", "image_url": "image_link", "url": "link"}
_OUT = {"out_of_stock", "outofstock", "sold_out", "discontinued"}
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][A-Za-z0-9:-]*(?:\s[^<>]*)?/?>", re.DOTALL)
_CODE = re.compile(r"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_UNSEEN = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f"
                     "\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffc]")  # fmt: skip


class ProductRefused(ValueError):
    """The row cannot be sold. `reason_code` is a stable word, `reason` names attribute and fix."""

    def __init__(self, reason_code: str, reason: str) -> None:
        super().__init__(f"{reason_code}: {reason}")
        self.reason_code, self.reason = reason_code, reason


class SaleInterval(BaseModel):
    """When a sale price holds, from `start` to `end` (both with their zone), as in the feed."""

    model_config = ConfigDict(frozen=True)
    start: datetime
    end: datetime

    def holds_on(self, day: date) -> bool:
        """Whether the sale is on at any time of that day, in the zone the merchant wrote."""
        last = self.end - timedelta(microseconds=1)
        return self.start.date() <= day <= last.date()


class Product(BaseModel):
    """A product as its merchant offers it: texts without HTML, prices as `Price`.

    Attribute names are Google's; attributes that Spotmill does not know are kept in `extra`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    description: str = ""
    link: str = ""
    image_link: str
    additional_image_link: tuple[str, ...] = ()
    price: Price
    sale_price: Price | None = None
    sale_price_effective_date: SaleInterval | None = None
    availability: str = ""
    brand: str = ""
    gtin: str = ""
    mpn: str = ""
    condition: str = ""
    google_product_category: str = ""
    product_type: str = ""
    color: str = ""
    material: str = ""
    size: str = ""
    item_group_id: str = ""
    extra: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    """What was mended on the way in, as sentences."""

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Product:
        """The product of a feed row (attribute name as spelled in the feed, to its text).

        Raises `ProductRefused` where it cannot be shown or sold.
        """
        return cls.from_texts({attribute_name(name): value for name, value in row.items() if value})

    @classmethod
    def from_texts(cls, named: Mapping[str, str]) -> Product:
        """As `from_row`, the names being Google's already."""
        texts = dict(named)
        warnings: list[str] = []
        clean = {name: _clean_word(texts.pop(name)) for name in _TEXTS if name in texts}
        sale_price, interval = _sale(texts, warnings)
        return cls(
            id=_needed(texts, "id", "give every product its own id"),
            title=_cut(_needed(texts, "title", "name the product"), "title", warnings),
            description=_cut(clean_text(texts.pop("description", "")), "description", warnings),
            link=texts.pop("link", "").strip(),
            image_link=_needed(texts, "image_link", "link the product photo"),
            additional_image_link=parted_links(texts.pop("additional_image_link", "")),
            price=_price(texts, "price"),
            sale_price=sale_price,
            sale_price_effective_date=interval,
            extra={name: _clean_word(value) for name, value in sorted(texts.items())},
            warnings=tuple(warnings),
            **clean,
        )._checked()

    def price_on(self, day: date) -> tuple[Price, Price | None]:
        """(what it costs on that day, the regular price if a sale is on, else None)."""
        interval = self.sale_price_effective_date
        if self.sale_price is None or (interval is not None and not interval.holds_on(day)):
            return self.price, None
        return self.sale_price, self.price

    def to_arrow_row(self) -> dict[str, Any]:
        """The product as a row of `PRODUCT_SCHEMA`."""
        interval = self.sale_price_effective_date
        return self.model_dump(exclude={"warnings"}) | {
            "price": self.price.amount,
            "sale_price": self.sale_price.amount if self.sale_price else None,
            "currency": self.price.currency,
            "sale_price_effective_date": interval
            and f"{interval.start.isoformat()}/{interval.end.isoformat()}",
            "extra": list(self.extra.items()),
        }

    def _checked(self) -> Product:
        availability = re.sub(r"[\s_-]+", "_", self.availability.lower())
        if availability in _OUT:
            reason = f'availability is "{self.availability}"; put it in stock to advertise it'
            raise ProductRefused("out_of_stock", reason)
        sale = self.sale_price
        if sale and sale.currency != self.price.currency:
            reason = f"sale_price {sale} is not in the currency of price {self.price}; use one"
            raise ProductRefused("invalid_sale_price", reason)
        if sale and sale.amount >= self.price.amount:
            reason = f"sale_price {sale} is not below price {self.price}; lower or remove it"
            raise ProductRefused("sale_price_not_below_price", reason)
        return self


@lru_cache(maxsize=4096)
def attribute_name(spelled: str) -> str:
    """Google's name of an attribute: "g:id", "Image Link" and "image-link" lose their dress."""
    name = spelled.strip().strip('"').lower().removeprefix("g:")
    name = re.sub(r"[\s_-]+", "_", name).strip("_")
    return _NAMES.get(name, name)


def clean_text(text: str) -> str:
    """Text without HTML, entities, control and direction characters, its white space folded."""
    if _is_bare(text):
        return text
    for _ in range(3):  # feeds escape HTML once or twice
        bare = html.unescape(_TAG.sub(" ", _CODE.sub(" ", text)))
        if bare == text:
            break
        text = bare
    text = _UNSEEN.sub("", unicodedata.normalize("NFC", text))
    return re.sub(r" ([,.;:!?])(?=\s|$)", r"\1", " ".join(text.split()))


def _is_bare(text: str) -> bool:
    """Whether a glance tells that there is nothing to clean: so it is with most texts of a feed."""
    if not (text.isascii() and text.isprintable()) or "<" in text or "&" in text:
        return False
    if " " not in text:
        return True
    return not (
        "  " in text or " ," in text or " ." in text or " ;" in text or " :" in text
        or " !" in text or " ?" in text or text[0] == " " or text[-1] == " "
    )  # fmt: skip


_clean_word = lru_cache(maxsize=65_536)(clean_text)
"""For attributes that many products share: brand, condition, category."""


def _needed(texts: dict[str, str], name: str, fix: str) -> str:
    value = texts.pop(name, "").strip()
    value = value if name.endswith("link") else clean_text(value)
    if not value:
        raise ProductRefused(f"missing_{name}", f"{name} is empty; {fix}")
    return value


def _price(texts: dict[str, str], name: str) -> Price:
    value = texts.pop(name, "").strip()
    if not value:
        raise ProductRefused(f"missing_{name}", f'{name} is empty; write it as "28.00 USD"')
    try:
        return _parsed_price(clean_text(value))
    except ValueError as error:
        raise ProductRefused(f"invalid_{name}", f"{name}: {error}") from None


_parsed_price = lru_cache(maxsize=65_536)(parse_price)
"""A catalogue has far fewer prices than products."""


def _sale(texts: dict[str, str], warnings: list[str]) -> tuple[Price | None, SaleInterval | None]:
    written = texts.pop("sale_price_effective_date", "").strip()
    if not texts.get("sale_price", "").strip():
        texts.pop("sale_price", None)
        return None, None
    price = _price(texts, "sale_price")
    if not written:
        return price, None
    try:
        return price, _interval(written)
    except ValueError:
        warnings.append(
            f'sale_price_effective_date "{written}" is no ISO 8601 interval, so the regular price'
            ' is shown; write "2026-11-23T00:00+0000/2026-12-06T23:59+0000"'
        )
        return None, None


@lru_cache(maxsize=4096)
def _interval(written: str) -> SaleInterval:
    """Raises `ValueError` for what is no ISO 8601 interval."""
    start, end = (_moment(part.strip()) for part in written.split("/"))
    if "T" not in written.split("/")[1]:  # a bare date ends with that day
        end += timedelta(days=1)
    if end <= start:
        raise ValueError(f"{written!r} ends before it begins")
    return SaleInterval(start=start, end=end)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parted_links(text: str) -> tuple[str, ...]:
    """The links of one attribute, each once, in order."""
    # Some image servers use commas of their own: only one before white space or a scheme parts.
    between = r",(?=\s|\w+://)" if "://" in text else ","
    links = [link.strip(" ,") for link in re.split(between, text)]
    return tuple(dict.fromkeys(link for link in links if link))


def _cut(text: str, name: str, warnings: list[str]) -> str:
    limit = TITLE_CHARACTERS if name == "title" else DESCRIPTION_CHARACTERS
    if len(text) <= limit:
        return text
    warnings.append(f"{name} has {len(text)} characters and was cut to {limit}; shorten it")
    kept = text[: limit - 1]
    if text[limit - 1] != " " and " " in kept[limit // 2 :]:  # Chinese has no words to cut at
        kept = kept[: kept.rindex(" ")]
    return kept.rstrip(" ,;:-–") + "…"
