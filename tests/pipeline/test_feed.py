"""Feeds and scripts in the formats and the states they come in."""

from __future__ import annotations

import gzip
import os
from itertools import islice
from pathlib import Path
from xml.sax.saxutils import escape

import fsspec
import pytest

from pipeline.feed import FeedError, FeedRow, read_feed, read_scripts

EXAMPLES = Path(__file__).parents[2] / "examples"
HEADER = "id\ttitle\tprice\timage link\n"
GOOGLE = 'xmlns:g="http://base.google.com/ns/1.0"'


def rows(folder: Path, content: str | bytes, name: str = "feed.txt") -> list[FeedRow]:
    """The rows of a feed with that content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_feed(str(path)))


def test_the_demo_feed() -> None:
    """Would catch a reader that quotes a Merchant TSV, or loses a row."""
    found = list(read_feed(str(EXAMPLES / "demo" / "products.tsv")))
    assert [row.line for row in found] == list(range(2, 10))
    assert all(row.product is not None and not row.warnings for row in found)
    scripts = read_scripts(str(EXAMPLES / "demo" / "scripts.tsv"))
    assert set(scripts) == {row.product_id for row in found}
    mug = scripts["TW-MUG-LAGOON-350"]
    assert mug.script.endswith("twenty-four dollars.") and mug.accent == "#2f8084"
    assert (EXAMPLES / "demo" / mug.music).exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, ending: str) -> None:
    """Would catch "Ã„" on the end card, or a byte order mark that hides the id column."""
    text = HEADER + "a\tÄther “x” €\t28 EUR\tm.jpg\nb\tMug\t2 EUR\tm.jpg\n"
    found = rows(tmp_path, text.replace("\n", ending).encode(encoding))
    assert [row.title for row in found] == ["Äther “x” €", "Mug"]
    assert all(row.product for row in found)


def test_tsv_has_no_quoting_but_excels(tmp_path: Path) -> None:
    """Would catch a title with an inch mark that swallows the rows behind it."""
    found = rows(
        tmp_path,
        HEADER
        + 'a\t27" screen\t1 USD\tm.jpg\n'
        + 'b\t"27"" screen, ""big"""\t1 USD\tm.jpg\n'
        + 'c\t"Big" and "small"\t1 USD\tm.jpg\n'
        + 'd\t"open\t1 USD\tm.jpg\n',
    )
    assert [row.title for row in found] == [
        '27" screen',
        '27" screen, "big"',
        '"Big" and "small"',
        '"open',
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
def test_csv_with_mixed_quoting(tmp_path: Path, delimiter: str) -> None:
    """Would catch a line break in a cell taken for a row, or one open quote that eats the file."""
    text = (
        'g:id,"g:title",Price,Image-Link\r\n'
        '1,"Mug, ""big""\r\nline two",28 USD,m.jpg\r\n'
        '2,Screen 27" wide,"1,299.00 USD",m.jpg\r\n'
        '3,"never closed,4 USD,m.jpg\r\n'
        "4,Mug,5 USD,m.jpg\r\n"
    )
    if delimiter != ",":
        text = text.replace("1,299.00", "1299.00").replace("Mug, ", "Mug; ")
        text = text.replace(",", delimiter).replace("Mug; ", f"Mug{delimiter} ")
    found = rows(tmp_path, text)
    assert [(row.line, row.product_id) for row in found] == [(2, "1"), (4, "2"), (5, "3"), (6, "4")]
    assert found[0].title == f'Mug{delimiter} "big" line two'
    assert found[1].title == 'Screen 27" wide'
    assert all(row.product for row in found)


def test_ragged_rows(tmp_path: Path) -> None:
    """Would catch a price taken from another column, after a stray delimiter in a text."""
    long, short, padded = rows(
        tmp_path,
        HEADER + "a\tMug\tlarge\t1 USD\tm.jpg\nb\tMug\n\n\t\t\t\nc\tMug\t1 USD\tm.jpg\t\t\n",
    )
    assert long.reason_code == "ragged_row" and "5 columns" in (long.reason or "")
    assert short.reason_code == "missing_image_link" and "2 of 4 columns" in short.warnings[0]
    assert padded.product is not None and padded.line == 6


def test_an_id_comes_once(tmp_path: Path) -> None:
    """Would catch two spots of one product racing for one place."""
    first, second = rows(tmp_path, HEADER + "a\tMug\t1 USD\tm.jpg\n a \tCup\t2 USD\tm.jpg\n")
    assert first.product is not None
    assert second.reason_code == "duplicate_id" and "line 2" in (second.reason or "")


def rss(*items: str) -> str:
    """An RSS feed of these items."""
    return f'<?xml version="1.0"?><rss version="2.0" {GOOGLE}><channel><title>Shop</title>' + (
        "\n".join(f"<item>{item}</item>" for item in items) + "</channel></rss>"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_rss(tmp_path: Path, encoding: str) -> None:
    """Would catch the shop's title taken for the product's, or a second image lost."""
    item = (
        "<g:id>1</g:id><title>plain</title><g:title><![CDATA[<b>Mug</b> &amp; saucer]]></g:title>"
        "<g:price>28 USD</g:price><g:image_link>a.jpg</g:image_link>"
        "<g:additional_image_link>b.jpg</g:additional_image_link>"
        "<g:additional_image_link>c.jpg</g:additional_image_link>"
        "<g:shipping><g:country>US</g:country><g:price>5 USD</g:price></g:shipping>"
    )
    text = rss(item, "<g:id>2</g:id>").replace("1.0", f'1.0" encoding="{encoding}', 1)
    first, second = rows(tmp_path, text.encode(encoding))
    assert first.product is not None and first.title == "Mug & saucer"
    assert str(first.product.price) == "28 USD"
    assert first.product.additional_image_link == ("b.jpg", "c.jpg")
    assert first.product.extra == {"shipping.country": "US", "shipping.price": "5 USD"}
    assert second.line == 2 and second.reason_code == "missing_title"


def test_atom(tmp_path: Path) -> None:
    """Would catch Atom's own id and link elements taken for Google's."""
    (row,) = rows(
        tmp_path,
        f'<feed xmlns="http://www.w3.org/2005/Atom" {GOOGLE}><title>Shop</title><entry>'
        "<id>tag:shop</id><g:id>9</g:id><title>Mug</title><link href='https://x.example.com/p'/>"
        "<summary>Big.</summary><g:price>1 USD</g:price><g:image_link>i.jpg</g:image_link>"
        "</entry></feed>",
    )
    assert row.product is not None
    assert (row.product.id, row.product.link) == ("9", "https://x.example.com/p")
    assert row.product.description == "Big."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"name\tcost\n1\t2\n", 'no column "id"'),
        (b"idd\ttitle\n1\t2\n", 'rename "idd"'),
        (HEADER.encode(), "no product"),
        (HEADER.encode() + b"\tMug\t1 USD\tm.jpg\n", "no row with an id"),
        (b"PK\x03\x04rest", "Excel"),
        (b'{"products": []}', "JSON"),
        (b"<!DOCTYPE html><html><p>404<br></html>", "<html>"),
        (b"<rss><channel><item><g:id>1</g:id></item></channel></rss>", "xmlns:g"),
        (b'<!DOCTYPE r [<!ENTITY a "aa">]><rss>&a;</rss>', "entities"),
        (b"<rss><channel><item><id>1</id></item><it", "broken XML"),
        (b"<rss><channel/></rss>", "no product"),
    ],
)
def test_what_is_no_feed(tmp_path: Path, content: bytes, words: str) -> None:
    """Would catch a campaign that publishes nothing and says nothing."""
    with pytest.raises(FeedError) as error:
        rows(tmp_path, content)
    assert words in str(error.value) and "feed.txt" in str(error.value)
    with pytest.raises(FeedError, match="not there"):
        list(read_feed(str(tmp_path / "other.tsv")))


def test_packed_and_remote_feeds(tmp_path: Path) -> None:
    """Would catch a reader that only knows local, plain files."""
    content = (HEADER + "a\tMug\t1 USD\tm.jpg\n").encode()
    assert rows(tmp_path, gzip.compress(content), "feed.tsv.gz")[0].product is not None
    with fsspec.open("memory://feeds/a.tsv", "wb") as file:
        file.write(content)
    assert next(read_feed("memory://feeds/a.tsv")).product_id == "a"
    with pytest.raises(FeedError, match="damaged"):
        long = content + os.urandom(100_000).hex().encode()
        rows(tmp_path, gzip.compress(long)[:90_000], "cut.tsv.gz")


def test_reads_as_a_stream(tmp_path: Path) -> None:
    """Would catch a reader that loads a catalogue of a million products before its first row."""
    item = "<g:id>{}</g:id><g:title>Mug</g:title><g:price>1 USD</g:price>" + (
        "<g:image_link>m.jpg</g:image_link><g:description>"
        + escape("long " * 200)
        + "</g:description>"
    )
    path = tmp_path / "feed.xml"
    path.write_text(rss(*(item.format(number) for number in range(1500))))
    with path.open("ab") as file:
        file.truncate(path.stat().st_size - 30)  # broken at its end, which the first rows outlive
    assert [row.product_id for row in islice(read_feed(str(path)), 3)] == ["0", "1", "2"]
    seen = 0
    with pytest.raises(FeedError, match="broken XML"):
        for _ in read_feed(str(path)):
            seen += 1
    assert seen >= 1499


def test_messy_feed_says_the_same_as_xml(tmp_path: Path) -> None:
    """Would catch a verdict on a product that depends on the format of the feed."""
    table = list(read_feed(str(EXAMPLES / "messy" / "feed.csv")))
    items = []
    for row in table:
        attributes = {"id": row.product_id, "title": row.title}
        if row.product is not None:
            price, sale = row.product.price, row.product.sale_price
            attributes |= {"image_link": row.product.image_link, "price": str(price)}
            attributes |= {"sale_price": str(sale)} if sale else {}
        items.append("".join(f"<g:{k}>{escape(v)}</g:{k}>" for k, v in attributes.items()))
    for row, again in zip(table, rows(tmp_path, rss(*items)), strict=True):
        assert (row.product_id, row.title) == (again.product_id, again.title)
        if row.product is not None:
            assert again.product is not None
            assert row.product.price == again.product.price
            assert row.product.sale_price == again.product.sale_price


def scripts(folder: Path, content: str) -> dict[str, object]:
    """The scripts of a file with that content."""
    path = folder / "scripts.csv"
    path.write_text(content)
    return dict(read_scripts(str(path)))


def test_scripts(tmp_path: Path) -> None:
    """Would catch a script given to the wrong product, or a bad colour that stops the render."""
    found = scripts(tmp_path, 'id;script;accent\na;"Hello; world";#AABBCC\nb;;teal\n')
    assert found["a"].script == "Hello; world" and found["a"].accent == "#aabbcc"
    assert found["b"].script == "" and found["b"].accent == "" and "teal" in found["b"].warnings[0]
    for content, words in [
        ("id,script\na,x\na,y\n", 'two scripts for "a", on lines 2 and 3'),
        ("id,scrip\na,x\n", 'rename "scrip"'),
        ("id,script\n,x\n", "line 2 has no id"),
        ("id,script\na,x,y\n", "3 columns"),
    ]:
        with pytest.raises(FeedError) as error:
            scripts(tmp_path, content)
        assert words in str(error.value)
