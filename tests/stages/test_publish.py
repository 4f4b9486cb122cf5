"""Publish: final names follow from all that is published, and nothing published ever changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.media import MediaStore
from stages.publish import Publish


def publish(store: MediaStore, folder: Path, video: str, captions: str) -> Path:
    """The place of a spot with these contents."""
    with store.workspace() as media:
        uris = {}
        for name, content in (
            ("v.mp4", video), ("p.jpg", "poster"), ("c.vtt", captions), ("m.c2pa", "credentials"),
        ):  # fmt: skip
            (folder / name).write_text(content)
            uris[name] = media.save(folder / name)
        spot = {
            "spot_id": "mug",
            "signed": [{"format": "9x16", "uri": uris["v.mp4"]}],
            "poster_uri": uris["p.jpg"],
            "captions_uri": uris["c.vtt"],
            "manifest_uris": [uris["m.c2pa"]],
        }
        (output,) = Publish().run(spot, media)["outputs"]
    assert output["bytes"] == len(video)
    return Path(output["uri"])


def test_the_same_spot_has_the_same_place_with_its_side_files(
    store: MediaStore, tmp_path: Path
) -> None:
    """Would catch a name that changes from run to run, and a video without its captions."""
    place = publish(store, tmp_path, "video", "WEBVTT one")
    assert place == publish(store, tmp_path, "video", "WEBVTT one")
    assert place.parent == Path(store.output) / "spots" / "mug"
    assert place.read_text() == "video"
    assert place.with_suffix(".jpg").read_text() == "poster"
    assert place.with_suffix(".vtt").read_text() == "WEBVTT one"


def test_other_captions_under_the_same_video_are_another_place(
    store: MediaStore, tmp_path: Path
) -> None:
    """Would catch a name made from the video alone: new captions would clash with the old."""
    before = publish(store, tmp_path, "video", "WEBVTT one")
    after = publish(store, tmp_path, "video", "WEBVTT two")
    assert before != after
    assert before.with_suffix(".vtt").read_text() == "WEBVTT one"
    assert after.with_suffix(".vtt").read_text() == "WEBVTT two"


def test_each_format_has_its_own_name_and_poster(store: MediaStore, tmp_path: Path) -> None:
    """Would catch a wide video that shows an upright poster before it plays."""
    with store.workspace() as media:
        uris = {}
        for name in ("v.mp4", "w.mp4", "p.jpg", "q.jpg", "c.vtt"):
            (tmp_path / name).write_text(name)
            uris[name] = media.save(tmp_path / name)
        signed = [
            {"format": "9x16", "uri": uris["v.mp4"], "poster_uri": uris["p.jpg"]},
            {"format": "16x9", "uri": uris["w.mp4"], "poster_uri": uris["q.jpg"]},
        ]
        rest = {"poster_uri": uris["p.jpg"], "captions_uri": uris["c.vtt"], "manifest_uris": []}
        outputs = Publish().run({"spot_id": "mug", "signed": signed, **rest}, media)["outputs"]
    upright, wide = (Path(output["uri"]) for output in outputs)
    assert upright.name.startswith("9x16-") and wide.name.startswith("16x9-")
    assert upright.with_suffix(".jpg").read_text() == "p.jpg"
    assert wide.with_suffix(".jpg").read_text() == "q.jpg"


def test_credentials_are_kept_where_nothing_is_cleaned_away(
    store: MediaStore, tmp_path: Path
) -> None:
    """Would catch a stripped copy that cannot be led back once the media store was cleaned."""
    publish(store, tmp_path, "video", "WEBVTT one")
    (kept,) = (Path(store.output) / "credentials").rglob("*.c2pa")
    assert kept.read_text() == "credentials"
    assert kept.stem == hashlib.sha256(b"credentials").hexdigest()
    assert kept.parent.name == kept.stem[:2]
