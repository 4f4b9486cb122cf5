"""The screen stage and what pictures show: listed faces, other faces, indecency, films."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipeline.media import Workspace, asset
from stages.base import Reject, Retry, Verdict
from stages.screen import Screen
from stages.shared.ffmpeg import ffmpeg_binary
from stages.shared.image_gate import BannedFaces, FaceFinder, FaceKeyError, ImageGate
from stages.shared.image_gate.face_key import KEY_VARIABLE
from tests.stages.test_image_gate import DEMO, KEY, embedded, finder, host, presenter, rig
from tests.stages.test_screen import spot

__all__ = ["finder", "presenter"]
SMALL = (420, 420)


@pytest.fixture
def listed(presenter: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list that has the rendered presenter."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    place = tmp_path / "faces.bin"
    place.write_bytes(BannedFaces().with_face("case 17", presenter).sealed())
    return place


@pytest.fixture
def shows_one(tmp_path: Path) -> Path:
    """A product photo with the presenter on it, turned and as a JPEG."""
    rig("pose_right").resize(SMALL).save(tmp_path / "poster.jpg", quality=70)
    return tmp_path / "poster.jpg"


@pytest.fixture
def mug(tmp_path: Path) -> Path:
    """A product photo with nobody on it."""
    with Image.open(DEMO / "products" / "mug.jpg") as image:
        image.resize(SMALL).save(tmp_path / "mug.jpg")
    return tmp_path / "mug.jpg"


def stage(listed: Path, finder: FaceFinder, **more: Any) -> Screen:
    """The stage with that list, warm; people may be in pictures."""
    limits = {name: more.pop(name) for name in ("distances", "nsfw") if name in more}
    gate = ImageGate(banned=asset(str(listed)), **limits)
    gate._finder = finder
    return Screen(shown=gate, **{"most_faces": None, **more})


def verdicts(found: Any) -> dict[str, Verdict]:
    """What became of it, by gate and rule."""
    return {f"{one.gate} {one.rule}": one for one in found}


def filmed(picture: Path, target: Path) -> dict[str, str]:
    """Four seconds of a still picture, as a shop's film."""
    command = [ffmpeg_binary(), "-y", "-loglevel", "error", "-loop", "1", "-t", "4.2"]
    command += ["-r", "24", "-i", str(picture), "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", str(target)], check=True)
    found = asset(str(target))
    return {"uri": found.uri, "sha256": found.sha256}


def test_a_photo_of_somebody_listed_is_refused(
    listed: Path, finder: FaceFinder, shows_one: Path, mug: Path, media: Workspace
) -> None:
    """Would catch a campaign that allows people in pictures, and with them those it lists; in a
    further picture, too."""
    for images in ((shows_one,), (mug, shows_one)):
        with pytest.raises(Reject) as caught:
            stage(listed, finder).run(spot(*images), media)
        assert (caught.value.status, caught.value.reason_code) == ("rejected", "banned_face")
        assert '"case 17"' in caught.value.reason and "show somebody else" in caught.value.reason
        found = verdicts(caught.value.verdicts)["screen.faces banned_face"]
        assert found.verdict == "block" and found.at_s is None
        assert found.score is not None and 0 < found.score < 0.3 and found.threshold == 0.45


def test_a_likeness_is_for_a_person(
    listed: Path, finder: FaceFinder, shows_one: Path, media: Workspace
) -> None:
    """Would catch a chance likeness that ends a spot, and one that nobody is asked about."""
    wrote = stage(listed, finder, distances=(0.6, 0.05)).run(spot(shows_one), media)
    found = verdicts(wrote["verdicts"])
    held = found["screen.faces banned_face"]
    assert held.verdict == "review" and held.threshold == 0.6 and wrote["photo_uri"]
    assert (found["screen.faces faces"].score, found["screen.faces faces"].threshold) == (1, None)
    assert [one.rule for one in wrote["verdicts"] if one.verdict == "review"] == ["banned_face"]


def test_others_pass_where_people_may_be_shown(
    listed: Path, finder: FaceFinder, tmp_path: Path, media: Workspace
) -> None:
    """Would catch a list that stops whoever has a face, and a photo with people that passes where
    none may be shown."""
    Image.fromarray(host("amber")).resize(SMALL).save(tmp_path / "amber.png")
    wrote = stage(listed, finder).run(spot(tmp_path / "amber.png"), media)
    found = verdicts(wrote["verdicts"])["screen.faces banned_face"]
    assert found.verdict == "pass" and found.score is not None and found.score > 0.6
    with pytest.raises(Reject) as caught:
        stage(listed, finder, most_faces=0).run(spot(tmp_path / "amber.png"), media)
    assert caught.value.reason_code == "face_in_photo"
    blocked = verdicts(caught.value.verdicts)["screen.faces faces"]
    assert (blocked.verdict, blocked.score, blocked.threshold) == ("block", 1, 0)


@pytest.mark.parametrize("photo", sorted((DEMO / "products").glob("*.jpg")), ids=lambda p: p.stem)
def test_the_demos_products_pass(
    listed: Path, finder: FaceFinder, tmp_path: Path, media: Workspace, photo: Path
) -> None:
    """Would catch a gate that sees faces in a lamp, or skin in a candle."""
    with Image.open(photo) as image:
        image.resize((600, 600)).save(tmp_path / "photo.jpg", quality=90)
    found = verdicts(
        stage(listed, finder, most_faces=0).run(spot(tmp_path / "photo.jpg"), media)["verdicts"]
    )
    assert {one.verdict for one in found.values()} == {"pass"}
    assert found["screen.faces faces"].score == 0 and found["screen.faces list"].score is None
    indecent = found["screen.nsfw nsfw_score"]
    assert indecent.score is not None and indecent.score < 0.02 and indecent.threshold == 0.2


def test_an_indecent_photo_is_held_or_refused(
    listed: Path, finder: FaceFinder, mug: Path, media: Workspace
) -> None:
    """Would catch a score that the stage computes and does not judge (limits are set to where a
    mug's score lies: no other picture ships)."""
    wrote = stage(listed, finder, nsfw=(1e-4, 0.8)).run(spot(mug), media)
    held = verdicts(wrote["verdicts"])["screen.nsfw nsfw_score"]
    assert held.verdict == "review" and held.score is not None and held.threshold == 1e-4
    with pytest.raises(Reject) as caught:
        stage(listed, finder, nsfw=(1e-4, 1e-4)).run(spot(mug), media)
    assert caught.value.reason_code == "nsfw_score" and "link another" in caught.value.reason


def test_a_film_is_looked_at(
    listed: Path, finder: FaceFinder, shows_one: Path, mug: Path, media: Workspace, tmp_path: Path
) -> None:
    """Would catch somebody who is listed and gets in by the film, a film with people used where
    none may be shown, and a second of the film told as one of the spot."""
    film = filmed(shows_one, tmp_path / "film.mp4")
    with pytest.raises(Reject) as caught:
        stage(listed, finder).run(spot(mug, film=film), media)
    blocked = [one for one in caught.value.verdicts if one.verdict == "block"]
    assert [one.rule for one in blocked] == ["banned_face"] and blocked[0].at_s is None
    assert "the film: " in blocked[0].evidence and "s of the film" in blocked[0].evidence
    listed.write_bytes(BannedFaces().with_face("x", embedded(finder, host("amber"))).sealed())
    wrote = stage(listed, finder, most_faces=0).run(spot(mug, film=film), media)
    assert wrote["film_uri"] is None, "it shows a face"
    unused = [one for one in wrote["verdicts"] if "the film is not used" in one.evidence]
    assert [(one.score, one.threshold) for one in unused] == [(1, 0)]


def test_a_worker_without_the_key_is_no_pass(
    listed: Path, finder: FaceFinder, mug: Path, media: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch spots that are not held against the list because a node has no key."""
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(FaceKeyError, match=f"no {KEY_VARIABLE}.* where workers start"):
        stage(listed, finder).run(spot(mug), media)
    assert not issubclass(FaceKeyError, Reject | Retry), "it is no fault of the spot"
