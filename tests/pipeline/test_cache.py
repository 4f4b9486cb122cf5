"""The node's cache: bounded, shared between processes, never in the way of who reads."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from pipeline import storage
from pipeline.cache import IDLE_S, NodeCache
from pipeline.media import DamagedMedia, MediaStore


def remote(folder: Path, number: int, size: int = 1000) -> tuple[str, str, str]:
    """(place, name, digest) of a file that stands in for one in a bucket."""
    content = bytes([number]) * size
    sha256 = hashlib.sha256(content).hexdigest()
    place = folder / f"{number}.bin"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return str(place), f"{sha256}.bin", sha256


def age(path: Path, seconds: float) -> None:
    """As if it had been opened so long ago."""
    os.utime(path, (time.time() - seconds,) * 2)


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    """Would catch a cache that fills the disk, or drops what the next spot needs."""
    cache = NodeCache(tmp_path / "cache", limit_bytes=3500)
    paths = [cache.fetch(*remote(tmp_path / "far", n)) for n in range(3)]
    for n, path in enumerate(paths):
        age(path, 1000 - n)
    cache.fetch(*remote(tmp_path / "far", 0))  # used again
    cache.fetch(*remote(tmp_path / "far", 3))
    assert [path.exists() for path in paths] == [True, False, True] and cache.size() <= 3500


def test_what_was_opened_just_now_stays(tmp_path: Path) -> None:
    """Would catch a file that is dropped between its download and its first read."""
    cache = NodeCache(tmp_path / "cache", limit_bytes=500)
    path = cache.fetch(*remote(tmp_path / "far", 1))
    assert path.exists()
    age(path, IDLE_S + 1)
    cache.make_room(500)
    assert not path.exists()


def _use(arguments: tuple[str, str, int]) -> int:
    root, far, number = arguments
    cache = NodeCache(Path(root), limit_bytes=20_000)
    read = 0
    for turn in range(60):
        path = cache.fetch(*remote(Path(far) / str(number), (turn * 7 + number) % 40))
        age(path, IDLE_S + 1)  # as if it were old: anybody may drop it at any time
        try:
            read += len(path.read_bytes()) == 1000
        except FileNotFoundError:
            read += 1
    return read


def test_several_processes_share_it(tmp_path: Path) -> None:
    """Would catch half a file taken for a whole one, and two that make room at once."""
    root = str(tmp_path / "cache")
    with ProcessPoolExecutor(3) as pool:
        jobs = [(root, str(tmp_path / "far"), number) for number in range(3)]
        assert list(pool.map(_use, jobs)) == [60, 60, 60]
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_a_stage_keeps_what_the_cache_drops(s3_bucket: str, tmp_path: Path) -> None:
    """Would catch an ffmpeg whose input vanishes while it reads."""
    store = MediaStore(f"{s3_bucket}/{tmp_path.name}", cache=tmp_path / "cache")
    (tmp_path / "clip.mp4").write_bytes(b"frames")
    uri = store.put(tmp_path / "clip.mp4")
    with store.workspace() as media:
        path = media.open(uri)
        for file in (tmp_path / "cache" / "files").rglob("*.mp4"):
            file.unlink()
        assert path.read_bytes() == b"frames" == media.open(uri).read_bytes()
    assert not path.exists()


def test_a_full_disk_makes_room_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a spot that fails because of files that nobody needs any more."""
    cache = NodeCache(tmp_path / "cache")
    old = cache.fetch(*remote(tmp_path / "far", 1))
    age(old, IDLE_S + 1)
    real, full = storage.download, [True]

    def download(*arguments: object, **named: object) -> None:
        if full.pop() if full else False:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(storage, "download", download)
    assert cache.fetch(*remote(tmp_path / "far", 2)).exists() and not old.exists()


@pytest.mark.parametrize("where", ["local", "s3"])
def test_damaged_media_is_removed_so_that_it_is_made_anew(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Would catch a store that hands out the same broken file to every run."""
    output = str(tmp_path / "out")
    if where == "s3":
        output = f"{request.getfixturevalue('s3_bucket')}/{tmp_path.name}"
    store = MediaStore(output, cache=tmp_path / "cache")
    (tmp_path / "clip.mp4").write_bytes(b"frames")
    uri = store.put(tmp_path / "clip.mp4")
    storage.replace_bytes(b"framez", store.place(uri))
    with pytest.raises(DamagedMedia, match=r"should have sha256.*next run makes it anew"):
        MediaStore(output, cache=tmp_path / "other").open(uri)
    assert not storage.exists(store.place(uri))
