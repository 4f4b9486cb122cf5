"""Leases: one owner at a time, on a local disk and on S3, and a dead owner's work goes on."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from pipeline import storage
from pipeline.leases import Leases


@pytest.fixture(params=["local", "s3"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty output."""
    if request.param == "local":
        return str(tmp_path)
    return f"{request.getfixturevalue('s3_bucket')}/{tmp_path.name}"


def test_of_sixteen_drivers_one_has_the_lease(output: str) -> None:
    """Would catch a lease that is looked up first and written then."""
    drivers = [Leases(output) for _ in range(16)]
    won: list[str] = []

    def take(driver: Leases) -> None:
        if driver.take("r/00001"):
            won.append(driver.owner)

    threads = [threading.Thread(target=take, args=(driver,)) for driver in drivers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and drivers[0].holder("r/00001") == won[0]


def test_a_released_lease_is_free_at_once(output: str) -> None:
    """Would catch a driver that waits for the end of a lease that nobody holds."""
    one, two = Leases(output), Leases(output)
    assert one.take("u") and two.take("u") is None
    one.release("u")
    lease = two.take("u")
    assert lease is not None and lease.generation == 2 and one.take("u") is None
    assert storage.list_files(f"{output}/leases") == [lease.uri], "a lease a night must not pile up"


def test_a_living_owner_keeps_its_lease_and_a_dead_one_loses_it(tmp_path: Path) -> None:
    """Would catch a heartbeat that nobody hears, and a unit that waits for ever for the dead."""
    with Leases(str(tmp_path), ttl_s=0.4) as alive:
        lease, other = alive.take("u"), Leases(str(tmp_path), ttl_s=0.4)
        assert lease is not None
        until = time.monotonic() + 1.2
        while time.monotonic() < until:
            assert other.take("u") is None
            time.sleep(0.05)
        alive._stop.set()  # as if it had been killed: no beat, no release
        time.sleep(0.2)
        assert other.take("u") is None, "first it must be seen to stand still"
        time.sleep(0.6)
        assert other.take("u") is not None
        alive._beat("u", lease)
        assert lease.lost, "who wakes up again must know that the work is another's"
        alive.release("u")
    assert other.holder("u") == other.owner


def test_the_time_of_day_plays_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a lease that ends because a clock was set, or never because one runs late."""
    one, two = Leases(str(tmp_path)), Leases(str(tmp_path))
    assert one.take("u")
    for jump in (1e6, -1e6):
        monkeypatch.setattr(time, "time", lambda jump=jump: 1.8e9 + jump)
        assert two.take("u") is None


def test_a_lease_that_cannot_be_read_is_not_free(tmp_path: Path) -> None:
    """Would catch a lease taken twice because its file was read while it was written."""
    one = Leases(str(tmp_path))
    lease = one.take("u")
    assert lease is not None
    storage.replace_bytes(b'{"own', lease.uri)
    assert Leases(str(tmp_path)).take("u") is None
