"""The messy example: each row ends as its README says."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from pipeline.feed import FeedRow, read_feed, read_scripts
from pipeline.media import MediaStore, asset
from stages.base import Reject
from stages.screen import Screen
from stages.shared.review import decide

MESSY = Path(__file__).parents[2] / "examples" / "messy"
TABLE = re.compile(r"^\| (\d+) \| (\S+) \| .* \| (\w+) \| (\w*) ?\|$", re.MULTILINE)
EXPECTED = {int(line): found for line, *found in TABLE.findall((MESSY / "README.md").read_text())}
ROWS = {row.line: row for row in read_feed(str(MESSY / "feed.csv"))}
SCRIPTS = read_scripts(str(MESSY / "scripts.csv"))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures, made by the example's own program."""
    spec = importlib.util.spec_from_file_location("make_images", MESSY / "make_images.py")
    assert spec is not None and spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    folder = tmp_path_factory.mktemp("messy")
    program.make_images(folder)
    return folder


@pytest.fixture(scope="module")
def screen() -> Screen:
    """A loaded stage."""
    stage = Screen()
    stage.load()
    return stage


def outcome(row: FeedRow, images: Path, screen: Screen, store: MediaStore) -> Iterator[str]:
    """Status and reason code of a row behind feed, images and screen."""
    if row.product is None:
        yield from ("rejected", row.reason_code or "")
        return
    photo = images / row.product.image_link.rpartition("/")[2]
    if not photo.exists():
        yield from ("rejected", "image_missing")
        return
    price, regular = row.product.price_on(date(2026, 11, 24))
    script, found = SCRIPTS[row.product_id], asset(str(photo))
    spot = {
        "title": row.title, "brand": row.product.brand, "script": script.script,
        "tagline": script.tagline, "cta": script.cta, "price": price.amount,
        "regular_price": regular.amount if regular else None, "currency": price.currency,
        "language": "en-US", "images": [{"uri": found.uri, "sha256": found.sha256}],
    }  # fmt: skip
    try:
        with store.workspace() as media:
            wrote = screen.run(spot, media)
            decide(row.product_id, [vars(v) for v in wrote["verdicts"]], {}, media)
        yield from ("published", "")
    except Reject as refused:
        yield from (refused.status, refused.reason_code)


def test_the_readme_names_every_row() -> None:
    """Would catch a row added to the feed and not to the table."""
    assert set(EXPECTED) == set(ROWS)


@pytest.mark.parametrize("line", EXPECTED)
def test_each_row_ends_as_the_readme_says(
    line: int, images: Path, screen: Screen, store: MediaStore
) -> None:
    """Would catch a fault in a feed that is let through, or a good row that is stopped."""
    spot_id, status, code = EXPECTED[line]
    row = ROWS[line]
    assert spot_id.startswith(row.product_id or "line-")
    assert list(outcome(row, images, screen, store)) == [status, code]


def test_the_heavy_picture_is_heavy(images: Path) -> None:
    """Would catch an example that no longer shows what it says."""
    assert 9_000_000 <= (images / "heavy.jpg").stat().st_size <= 10_000_000
    with Image.open(images / "print.jpg") as image:
        assert image.mode == "CMYK"
    assert (images / "bomb.png").stat().st_size < 120_000
