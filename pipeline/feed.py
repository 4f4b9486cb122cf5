"""Reads the feed of a campaign and the scripts that go with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.feed_source import FeedError, RawRow, Source, open_source
from pipeline.feed_tables import table_rows
from pipeline.feed_xml import xml_rows
from schemas.product import Product, ProductRefused, clean_text

__all__ = [
    "FeedError",
    "FeedRow",
    "ScriptRow",
    "UnreadRow",
    "read_feed",
    "read_scripts",
    "unread_rows",
]


@dataclass(frozen=True)
class FeedRow:
    """One row of a feed: its product, or why it has none.

    `product_id` is "" where the row has no id; `title` is as far as it could be read.
    """

    line: int
    product_id: str
    title: str
    product: Product | None
    reason_code: str | None = None
    reason: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnreadRow:
    """One row of a feed as it stands there: reading it as a product costs four times as much."""

    raw: RawRow
    product_id: str
    first_line: int
    """The line on which this id was first seen; its own if it is not a duplicate."""

    def read(self) -> FeedRow:
        """Its product, or why it has none."""
        return _feed_row(self.raw, self.product_id, self.first_line)


@dataclass(frozen=True)
class ScriptRow:
    """What is said and written in the spot of one product. `music`, `video_link` and `accent` may
    be ""."""

    line: int
    product_id: str
    script: str
    tagline: str = ""
    cta: str = ""
    music: str = ""
    video_link: str = ""
    accent: str = ""
    hook: str = ""
    rating: str = ""
    rating_count: str = ""
    qr: str = ""
    warnings: tuple[str, ...] = ()


def read_feed(uri: str) -> Iterator[FeedRow]:
    """The rows of a Merchant feed (TSV, CSV, RSS or Atom, by content), good and bad, in order.

    Holds one row and the ids seen in memory. A bad row never raises; a file that is no feed
    raises `FeedError`, at the latest at its end.
    """
    return (row.read() for row in unread_rows(uri))


def unread_rows(uri: str) -> Iterator[UnreadRow]:
    """As `read_feed`, but the products are not read yet."""
    lines: dict[str, int] = {}
    with open_source(uri) as source:
        row = None
        for row in _raw_rows(source, "id"):
            product_id = clean_text(row.texts.get("id", ""))
            first = lines.setdefault(product_id, row.line) if product_id else row.line
            yield UnreadRow(row, product_id, first)
        if row is None:
            raise FeedError(f"{uri} holds no product; export it again")
        if not lines:
            raise FeedError(f"{uri} holds no row with an id; give every product its own id")


def read_scripts(uri: str) -> Scripts:
    """The scripts by product id, of a TSV or CSV with the columns id, script, tagline, cta,
    music and accent ("#rrggbb"); the last four may be missing.

    Raises `FeedError` for a file without id or script column, for a row without id, and for an
    id that comes twice.
    """
    scripts = Scripts()
    with open_source(uri) as source:
        for row in _raw_rows(source, "id", "script"):
            product_id = clean_text(row.texts.get("id", ""))
            if row.broken or not product_id:
                fix = f"line {row.line} has no id; write the product's id from the feed"
                raise FeedError(f"{uri}: {row.broken or fix}")
            if (there := scripts.get(product_id)) is not None:
                raise FeedError(
                    f'{uri} has two scripts for "{product_id}", on lines {there.line} and'
                    f" {row.line}; keep one"
                )
            scripts.add(product_id, row)
    return scripts


class Scripts(Mapping[str, ScriptRow]):
    """Scripts by product id, each as one text until it is asked for: a million in 500 MB."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._last: tuple[str, ScriptRow] | None = None

    def add(self, product_id: str, row: RawRow) -> None:
        """Keep one more."""
        texts = [text.replace(_APART, " ") for pair in row.texts.items() for text in pair]
        self._texts[product_id] = _APART.join([str(row.line), *row.warnings[:1], "", *texts])

    def text(self, product_id: str) -> str | None:
        """All that the table says of a product, as one text, whatever line it stands on."""
        whole = self._texts.get(product_id)
        return None if whole is None else whole.partition(_APART)[2]

    def only(self, product_id: str, text: str | None) -> None:
        """Know of one product alone, what `text` gave of it."""
        self._texts = {} if text is None else {product_id: f"0{_APART}{text}"}

    def __getitem__(self, product_id: str) -> ScriptRow:
        whole = self._texts[product_id]
        if self._last is not None and self._last[0] is whole:  # asked again for the same spot
            return self._last[1]
        line, *rest = whole.split(_APART)
        start = rest.index("")
        texts = dict(zip(rest[start + 1 :: 2], rest[start + 2 :: 2], strict=True))
        row = _script_row(int(line), product_id, texts, rest[:start])
        self._last = whole, row
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


_APART = "\x1f"
"""The unit separator: no cleaned text has it."""


def _raw_rows(source: Source, *needed: str) -> Iterator[RawRow]:
    return xml_rows(source) if source.is_xml else table_rows(source, needed)


def _feed_row(row: RawRow, product_id: str, first_line: int) -> FeedRow:
    title = clean_text(row.texts.get("title", ""))
    try:
        if row.broken:
            raise ProductRefused("ragged_row", row.broken)
        if first_line != row.line:
            reason = f'id "{product_id}" is already on line {first_line}; give each its own'
            raise ProductRefused("duplicate_id", reason)
        product = Product.from_texts(row.texts)
    except ProductRefused as refused:
        return FeedRow(
            row.line, product_id, title, None, refused.reason_code, refused.reason,
            tuple(row.warnings),
        )  # fmt: skip
    warnings = (*row.warnings, *product.warnings)
    return FeedRow(row.line, product_id, product.title, product, warnings=warnings)


def _script_row(
    line: int, product_id: str, texts: Mapping[str, str], warnings: Sequence[str]
) -> ScriptRow:
    clean = {name: clean_text(value) for name, value in texts.items()}
    accent, mended = clean.get("accent", ""), list(warnings)
    if accent and not re.fullmatch(r"#[0-9a-fA-F]{6}", accent):
        mended.append(f'accent "{accent}" is left out; write a colour as "#2f8084"')
        accent = ""
    return ScriptRow(
        line=line,
        product_id=product_id,
        script=clean.get("script", ""),
        tagline=clean.get("tagline", ""),
        cta=clean.get("cta", ""),
        music=clean.get("music", ""),
        video_link=clean.get("video_link", ""),
        accent=accent.lower(),
        hook=clean.get("hook", ""),
        rating=clean.get("rating", ""),
        rating_count=clean.get("rating_count", ""),
        qr=texts.get("qr", "").strip(),
        warnings=tuple(mended),
    )
