"""Storage: create-only commits on a local disk and on a real S3 server, and digests on read."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest

from pipeline import storage
from pipeline.adapter import StageTimeout, _time_limit
from pipeline.media import DamagedMedia, MediaStore, asset, digest_folder


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty folder, local or in a bucket."""
    if request.param == "local":
        return str(tmp_path / "place")
    bucket: str = request.getfixturevalue("s3_bucket")
    return f"{bucket}/{tmp_path.name}"


def test_of_sixteen_writers_exactly_one_wins(place: str, tmp_path: Path) -> None:
    """Would catch a check-then-write commit, and a lost race that surfaces as an error (EINVAL)."""
    sources = []
    for n in range(16):
        sources.append(tmp_path / f"source-{n}")
        sources[-1].write_bytes(bytes([n]) * 100_000)
    won: list[int] = []

    def commit(n: int) -> None:
        if storage.commit_file(sources[n], f"{place}/a/b.bin"):
            won.append(n)

    threads = [threading.Thread(target=commit, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert storage.read_bytes(f"{place}/a/b.bin") == sources[won[0]].read_bytes()
    assert storage.list_files(place) == [f"{place}/a/b.bin"], "nothing half-written may stay"


def test_bytes_are_committed_once_and_replaced_on_demand(place: str) -> None:
    """Would catch a commit that overwrites, and a replace that does not."""
    assert storage.commit_bytes(b"one", f"{place}/x.json")
    assert not storage.commit_bytes(b"two", f"{place}/x.json")
    assert storage.read_bytes(f"{place}/x.json") == b"one"
    if place.startswith("s3:"):  # the answer to the first request was lost, and it was sent again
        assert storage.commit_bytes(b"one", f"{place}/x.json")
    storage.replace_bytes(b"three", f"{place}/x.json")
    assert storage.read_bytes(f"{place}/x.json") == b"three"
    assert storage.read_bytes_or_none(f"{place}/none") is None


def test_media_is_named_by_content_and_opens_anywhere(place: str, tmp_path: Path) -> None:
    """Would catch a store whose names depend on where or how often a file was stored."""
    store = MediaStore(place, cache=tmp_path / "cache")
    source = tmp_path / "clip.MP4"
    source.write_bytes(b"frames")
    uri = store.put(source)
    assert uri == store.put(source) and uri.endswith(".mp4")
    assert MediaStore(place, cache=tmp_path / "other").open(uri).read_bytes() == b"frames"


def test_damaged_media_is_noticed(tmp_path: Path) -> None:
    """Would catch a truncated or swapped file that goes on air."""
    store = MediaStore(str(tmp_path / "out"))
    source = tmp_path / "clip.mp4"
    source.write_bytes(b"frames")
    uri = store.put(source)
    Path(store.place(uri)).write_bytes(b"other!")
    with pytest.raises(DamagedMedia, match="should have sha256"):
        MediaStore(str(tmp_path / "out")).open(uri)


@pytest.mark.parametrize("after_s", [0.001, 0.004, 0.012, 0.03, 0.06])
def test_an_interrupted_upload_is_whole_or_nothing(
    place: str, tmp_path: Path, after_s: float
) -> None:
    """Would catch a time limit that rings during an upload and commits half a file for ever."""
    source = tmp_path / "clip.mp4"
    source.write_bytes(bytes(range(256)) * (24 << 12))
    store = MediaStore(place, cache=tmp_path / "cache")
    uri = f"media:{storage.sha256_file(source)}.mp4"
    with contextlib.suppress(StageTimeout), _time_limit(after_s):
        store.put(source)
    if storage.exists(store.place(uri)):
        assert storage.size(store.place(uri)) == source.stat().st_size
    assert store.put(source) == uri
    assert storage.read_bytes(store.place(uri)) == source.read_bytes()
    assert not [name for name in storage.list_files(place) if name.endswith(".part")]


def test_a_blob_of_the_wrong_size_is_put_again(place: str, tmp_path: Path) -> None:
    """Would catch a half-written file that stays under its content's name for ever."""
    store = MediaStore(place, cache=tmp_path / "cache")
    source = tmp_path / "clip.mp4"
    source.write_bytes(b"frames")
    storage.replace_bytes(b"fra", store.place(f"media:{storage.sha256_file(source)}.mp4"))
    assert store.open(store.put(source)).read_bytes() == b"frames"


def test_publish_is_repeatable_and_never_overwrites(place: str, tmp_path: Path) -> None:
    """Would catch a second run that fails on its own file, or replaces another's."""
    store = MediaStore(place, cache=tmp_path / "cache")
    one, two = tmp_path / "1.mp4", tmp_path / "2.mp4"
    one.write_bytes(b"one")
    two.write_bytes(b"two")
    with store.workspace() as media:
        first = media.publish(media.save(one), "spots/a/9x16.mp4")
        assert media.publish(media.save(one), "spots/a/9x16.mp4") == first
        with pytest.raises(DamagedMedia, match="holds other content"):
            media.publish(media.save(two), "spots/a/9x16.mp4")
        with pytest.raises(ValueError, match="leave the output folder"):
            media.publish(media.save(two), "spots/../../etc/x.mp4")
    assert storage.read_bytes(first.uri) == b"one" and first.bytes == 3


def test_a_folder_asset_is_its_names_and_contents(tmp_path: Path) -> None:
    """Would catch a presenter rig whose changed sprite does not change the key."""
    rig = tmp_path / "rig"
    (rig / "mouth").mkdir(parents=True)
    (rig / "mouth" / "aa.png").write_bytes(b"aa")
    before = asset(f"{rig}/")
    assert MediaStore(str(tmp_path)).open(before) == rig
    (rig / "mouth" / "aa.png").rename(rig / "mouth" / "E.png")
    assert digest_folder(str(rig)) != before.sha256
    with pytest.raises(DamagedMedia, match="has changed since"):
        MediaStore(str(tmp_path)).open(before)
