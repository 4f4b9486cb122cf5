"""The command for lists of faces: what is written, what is refused, and what it would stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from jobs.faces import app
from stages.shared.image_gate import BannedFaces
from stages.shared.image_gate.face_key import KEY_VARIABLE
from tests.pipeline.test_plan import write_campaign
from tests.stages.test_image_gate import DEMO, KEY, host, rig

FEED = """id\ttitle\timage_link\tprice
mug\tMug\thttps://shop.example.com/mug.jpg\t28.00 USD
poster\tPoster\thttps://shop.example.com/poster.png\t9 USD
scan\tScan\thttps://shop.example.com/scan.jpg\t9 USD
free\tFree\thttps://shop.example.com/mug.jpg\tfree
"""


def command(*arguments: object, key: str | None = KEY) -> Any:
    """Run the command as a person would, with that key in the environment."""
    env = {"COLUMNS": "140", KEY_VARIABLE: key}
    return CliRunner().invoke(app, [str(one) for one in arguments], env=env)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody twice, somebody else, two at once, and nobody."""
    folder = tmp_path_factory.mktemp("photos")
    small = (360, 360)
    one, other = rig().resize(small), Image.fromarray(host("amber")).convert("RGB")
    one.save(folder / "one.jpg", quality=92)
    rig("pose_right").resize(small).save(folder / "turned.png")
    other.save(folder / "other.png")
    both = Image.new("RGB", (720, 360), "white")
    both.paste(one, (0, 0))
    both.paste(one, (360, 0))
    both.save(folder / "both.png")
    rng = np.random.default_rng(3)
    Image.fromarray(rng.integers(0, 255, (300, 300, 3), np.uint8)).save(folder / "nobody.png")
    return folder


@pytest.fixture
def listed(photos: Path, tmp_path: Path) -> Path:
    """A list that has somebody, made by the command."""
    place = tmp_path / "lists" / "faces.bin"
    done = command("add", place, photos / "one.jpg", "--who", "case 17")
    assert done.exit_code == 0, done.output
    return place


class TestAdd:
    """From photographs to a sealed file."""

    def test_the_file_holds_no_photograph_and_no_name(self, listed: Path, photos: Path) -> None:
        """Would catch a picture, a thumbnail or a name that can be got out of what lies on disk."""
        content = listed.read_bytes()
        assert len(content) < 1500, "128 numbers and a name, sealed"
        photo = (photos / "one.jpg").read_bytes()
        parts = (photo[400:416], b"\x89PNG", b"JFIF", b"case 17", KEY.encode())
        assert not any(part in content for part in parts)
        assert [one.name for one in listed.parent.iterdir()] == ["faces.bin"]

    def test_more_of_one_person_and_another(self, listed: Path, photos: Path) -> None:
        """Would catch a second photograph that replaces the first, and a person who is listed
        under two names unseen."""
        more = command("add", listed, photos / "turned.png", "--who", "case 18")
        assert more.exit_code == 0 and 'from "case 17", who may be the same' in more.output
        done = command("add", listed, photos / "other.png", "--who", "Amber")
        assert done.exit_code == 0 and "3 faces of 3 people" in done.output
        shown = command("list", listed)
        assert shown.exit_code == 0
        assert [line for line in shown.output.splitlines() if ": 1" in line] == [
            "Amber: 1", "case 17: 1", "case 18: 1",
        ]  # fmt: skip
        assert "of strangers' faces" in shown.output and "(nearer than 0.45)" in shown.output

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("nobody.png", "shows no face"), ("both.png", "shows 2 faces: cut it"),
            ("one.jpg", 'is there already, as "case 17"'), ("gone.jpg", "gone.jpg"),
        ],
    )  # fmt: skip
    def test_a_photo_that_does_not_do_leaves_the_list_alone(
        self, listed: Path, photos: Path, name: str, said: str
    ) -> None:
        """Would catch a bystander who is listed, half of a command's photographs written, and a
        traceback."""
        before = listed.read_bytes()
        done = command("add", listed, photos / "other.png", photos / name, "--who", "x")
        assert done.exit_code == 2 and said in done.output and "Traceback" not in done.output
        assert listed.read_bytes() == before

    @pytest.mark.parametrize(
        ("key", "said"),
        [
            (None, "openssl rand -hex 32"), ("2e" * 32, "sealed with another key"),
            ("not-a-key", "64 hex digits"),
        ],
    )  # fmt: skip
    def test_without_its_key_nothing_is_read_or_written(
        self, listed: Path, photos: Path, key: str | None, said: str
    ) -> None:
        """Would catch a list that another key overwrites, and a key that is repeated on screen."""
        before = listed.read_bytes()
        asked = (
            ("list", listed), ("remove", listed, "--who", "case 17"),
            ("add", listed, photos / "other.png", "--who", "x"),
        )  # fmt: skip
        for arguments in asked:
            done = command(*arguments, key=key)
            assert done.exit_code == 2 and said in done.output, done.output
            assert "case 17" not in done.output and (key or KEY) not in done.output
        assert listed.read_bytes() == before

    def test_a_new_list_without_a_key_is_not_begun(self, photos: Path, tmp_path: Path) -> None:
        """Would catch a file in the clear, or an empty one that stops nobody."""
        done = command("add", tmp_path / "f", photos / "one.jpg", "--who", "x", key=None)
        assert done.exit_code == 2 and not (tmp_path / "f").exists()


def test_somebody_is_taken_out(listed: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch an erasure that leaves one of several faces, or takes others with it."""
    command("add", listed, photos / "turned.png", "--who", "case 17")
    command("add", listed, photos / "other.png", "--who", "Amber")
    assert command("remove", listed, "--who", "case 71").exit_code == 2
    done = command("remove", listed, "--who", "case 17")
    assert done.exit_code == 0 and "1 face of 1 person" in done.output
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    assert BannedFaces.opened(listed.read_bytes(), "faces.bin").names == ("Amber",)
    gone = command("list", listed.parent / "other.bin")
    assert gone.exit_code == 2 and "`add` makes it" in gone.output


class TestCheck:
    """What a list would stop."""

    @pytest.fixture
    def campaign(self, tmp_path: Path) -> str:
        """Of three products that can be sold, one shows somebody and one cannot be opened."""
        place = write_campaign(tmp_path, feed=FEED)
        with Image.open(DEMO / "products" / "mug.jpg") as mug:
            mug.resize((480, 480)).save(tmp_path / "products" / "mug.jpg")
        rig("pose_left").resize((400, 400)).save(tmp_path / "products" / "poster.png")
        (tmp_path / "products" / "scan.jpg").write_bytes(b"no picture")
        return place

    def test_it_says_which_products_and_why(self, campaign: str, listed: Path) -> None:
        """Would catch a list that is tried on nothing, and a broken picture that ends the check."""
        done = command("check", campaign, "--list", listed)
        assert done.exit_code == 0, done.output
        assert "3 products: 1 would be blocked, 0 held for a person" in done.output
        (row,) = (line for line in done.output.splitlines() if "poster.png" in line)
        assert "block" in row and '"case 17" of the list at distance 0.' in row
        assert "not measured on yours" in done.output
        few = command("check", campaign, "--list", listed, "--limit", 1)
        assert "1 products: 0 would be blocked" in few.output

    def test_a_campaign_without_a_list_is_refused(self, campaign: str, listed: Path) -> None:
        """Would catch "0 would be blocked" where nothing was asked."""
        done = command("check", campaign)
        assert done.exit_code == 2 and "policy.faces: not set" in done.output
        locked = command("check", campaign, "--list", listed, key=None)
        assert locked.exit_code == 2 and KEY_VARIABLE in locked.output
