"""Text that stands in a product photo or a frame is read, and held to the rules of the texts."""

from __future__ import annotations

from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipeline.campaign_file import read_campaign
from pipeline.recipes import load_recipe
from schemas.config_error import ConfigError
from schemas.money import Price
from stages.shared.ocr import TextReader
from stages.shared.picture import read_picture
from stages.shared.read_text import Looked, _is_ours, _lines_of, read_findings
from stages.shared.text_gate import Offer, TextGate

DEMO = Path(__file__).parents[2] / "examples" / "demo"
INSTALLED = find_spec("rapidocr_onnxruntime") is not None
reads = pytest.mark.skipif(not INSTALLED, reason="needs rapidocr-onnxruntime's weights")
OFFER = Offer(Price(Decimal("24.00"), "USD"), None)


def photo(*lines: tuple[str, int, int]) -> np.ndarray:
    """The demo's mug with texts on it, at x and y of 800 pixels."""
    with Image.open(DEMO / "products" / "mug.jpg") as opened:
        picture = opened.convert("RGB").resize((800, 800))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(44)
    for text, x, y in lines:
        draw.text((x, y), text, (150, 20, 30), font)
    return np.asarray(picture)


@pytest.mark.skipif(INSTALLED, reason="the weights are there")
def test_without_the_weights_it_is_refused_before_anything_is_spent() -> None:
    """Would catch a campaign whose pictures are never read though it asks for it."""
    campaign = read_campaign(
        str(DEMO / "campaign.yaml"), ["policy.read_pictures=true", "signing.folder=/nowhere/keys"]
    )
    with pytest.raises(ConfigError, match=r"policy\.read_pictures.*no-deps rapidocr"):
        load_recipe("laptop", campaign)


def test_lines_of_our_own_are_known() -> None:
    """Would catch captions that are held against the price twice, misread the second time."""
    drawn = ["2450", "holdtheheatallday"]
    assert _is_ours("$24.50", drawn) and _is_ours("Hold the heaf all day", drawn)
    assert not _is_ours("CURES CANCER", drawn) and not _is_ours("$9.99", drawn)
    assert not _is_ours("CURES CANCER", [""])


@reads
class TestReading:
    """With the real weights."""

    @pytest.fixture(scope="class")
    def reader(self) -> TextReader:
        """Loaded once."""
        return TextReader()

    @pytest.fixture(scope="class")
    def gate(self) -> TextGate:
        """The shipped lists."""
        return TextGate.of_files(stage="inspect")

    def test_words_are_read_where_they_stand(self, reader: TextReader) -> None:
        """Would catch letters that are found and misread, and boxes of another size."""
        first, last = reader.texts(photo(("CURES CANCER", 60, 40), ("Only $9.99", 480, 700)))
        assert (first.text, last.text) == ("CURES CANCER", "Only $9.99")
        x0, y0, x1, y1 = first.box
        assert abs(x0 - 60 / 800) < 0.02 and y0 < 60 / 800 < y1 and 0.3 < x1 < 0.6
        assert reader.texts(photo()) == []

    def test_what_stands_in_a_photo_is_held_to_the_rules(
        self, reader: TextReader, gate: TextGate
    ) -> None:
        """Would catch a claim, a name and a price that are burnt into the catalogue's picture."""
        burnt = photo(("CURES CANCER", 60, 40), ("Taylor Swift", 60, 120), ("Only $9.99", 480, 700))
        found = read_findings([Looked("the photo", None, burnt), Looked("a frame", 2.5, burnt)],
                              reader, gate, known={}, offer=OFFER)  # fmt: skip
        by: dict[str, Any] = {one.verdict.gate: one for one in found}
        assert set(by) == {f"inspect.read.{name}" for name in ("names", "policy", "price")}
        assert {one.verdict.verdict for one in found} == {"block"} and len(found) == 3
        claim = by["inspect.read.policy"]
        assert claim.reason_code == "read_policy_medical_claim"
        assert claim.verdict.column == "read in the photo" and claim.verdict.at_s is None
        assert "in the box 0.0" in claim.verdict.evidence and claim.verdict.score > 0.9
        drawn = read_findings([Looked("a frame", 2.5, burnt)], reader, gate, known={}, offer=OFFER,
                              drawn=["Cures cancer", "Taylor Swift", "Only $9.99"])  # fmt: skip
        assert [one.verdict.verdict for one in drawn] == ["pass"]

    def test_the_demos_products_pass(self, reader: TextReader, gate: TextGate) -> None:
        """Would catch a label ("50 ml") that is taken for a price, and a brand for a name."""
        looked = [
            Looked(path.stem, None, read_picture(path))
            for path in sorted((DEMO / "products").glob("*.jpg"))
        ]
        (only,) = read_findings(looked[:4], reader, gate, known={}, offer=OFFER)
        assert only.verdict.verdict == "pass" and "lines in candle" in only.verdict.evidence

    def test_words_over_two_lines_have_the_box_of_both(self, reader: TextReader) -> None:
        """Would catch evidence that shows half of what was read."""
        lines = reader.texts(photo(("CURES", 60, 40), ("CANCER", 60, 110)))
        assert len(_lines_of("CURES CANCER", lines)) == 2 and len(_lines_of("CURES", lines)) == 1
