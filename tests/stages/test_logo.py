"""Logos: an SVG is drawn, or refused for what it could do."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.base import Reject
from stages.shared.fonts import FOLDER, check_font
from stages.shared.logo import MOST_SVG_BYTES, check_logo, read_logo

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {}>'


def svg(body: str, attributes: str = 'viewBox="0 0 200 100"') -> bytes:
    """A file with that in it."""
    return (HEAD.format(attributes) + body + "</svg>").encode()


def test_an_svg_is_drawn_large_and_clear_around(tmp_path: Path) -> None:
    """Would catch a vector logo of 200 pixels on a 1080 pixel card, or one on a white box."""
    path = tmp_path / "logo.svg"
    path.write_bytes(svg('<circle cx="50" cy="50" r="40" fill="#cc0000" fill-opacity="0.5"/>'))
    logo = read_logo(path)
    assert logo.shape[0] > 400 and abs(logo.shape[0] - logo.shape[1]) <= 2, "trimmed to the circle"
    red, green, _, alpha = logo[logo.shape[0] // 2, logo.shape[1] // 2]
    assert red >= 200 and green <= 3 and 126 <= alpha <= 129, "straight alpha, its colour kept"
    assert logo[0, 0, 3] == 0


def test_a_size_without_a_view_box_will_do(tmp_path: Path) -> None:
    """Would catch a logo that is drawn tiny in the corner of an empty picture."""
    path = tmp_path / "logo.svg"
    path.write_bytes(svg('<rect width="20" height="10"/>', 'width="20px" height="10"'))
    assert read_logo(path).shape == (512, 1024, 4)


BILLION = "<!DOCTYPE svg [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>"
BAD = {
    "entities": BILLION.encode() + svg("<desc>&b;</desc>"),
    "script": svg("<script>fetch('http://x')</script>"),
    "handler": svg('<rect onload="x()" width="9" height="9"/>'),
    "picture": svg('<image href="file:///etc/passwd" width="9" height="9"/>'),
    "reference": svg('<use xlink:href="http://example.com/x.svg#a"/>'),
    "url": svg('<rect fill="url(http://example.com/#a)" width="9" height="9"/>'),
    "import": svg("<style>@import 'http://example.com/a.css';</style>"),
    "nested": svg('<g id="a"><use href="#b"/></g><g id="b"><rect/></g><use href="#a"/>'),
    "text": svg("<text>Brand</text>"),
    "filter": svg('<filter id="f"><feGaussianBlur stdDeviation="9999"/></filter>'),
    "no size": svg('<rect width="9" height="9"/>', ""),
    "huge": svg('<rect width="9" height="9"/>', 'viewBox="0 0 1e9 1e9"'),
    "large": svg("<desc>" + "x" * MOST_SVG_BYTES + "</desc>"),
    "many": svg("<g/>" * 6000),
    "broken": svg("<rect"),
    "empty": svg(""),
    "no picture": b"\x00\x01 not a picture",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_what_must_not_be_drawn_is_refused(content: bytes, tmp_path: Path) -> None:
    """Would catch a logo that reads files, reaches the network, or takes all memory."""
    with pytest.raises(ValueError) as refused:
        check_logo(content)
    assert len(str(refused.value)) > 15
    path = tmp_path / "logo"
    path.write_bytes(content)
    with pytest.raises(Reject):
        read_logo(path)


def test_fonts_are_checked_before_anything_is_spent() -> None:
    """Would catch a broken or half-empty font that fails when the first spot is drawn."""
    whole = (FOLDER / "Inter-Bold.otf").read_bytes()
    check_font(whole)
    for content, says in (
        (whole[: len(whole) // 3], ""),
        (b"wOF2" + whole, "TTF or OTF"),
        (b"", "TTF or OTF"),
        ((FOLDER / "NotoEmoji-Bold.ttf").read_bytes(), "no letters"),
    ):
        with pytest.raises(ValueError, match=says):
            check_font(content)
