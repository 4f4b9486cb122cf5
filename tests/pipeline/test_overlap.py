"""Overlap: what a driver does while another one works on the same output."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun
from pipeline.leases import Leases
from pipeline.local_runner import LocalRunner
from pipeline.overlap import NAME, RunInProgress, TakenOver, Turn, WhenRunning
from stages.base import Stage
from tests.pipeline.test_campaign_run import long_feed
from tests.pipeline.test_plan import write_campaign
from tests.pipeline.toy_stages import Count, Slow

TTL_S = 1.0


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Leases]:
    """A driver that is alive and in charge."""
    with Leases(str(tmp_path), ttl_s=TTL_S, owner="other") as leases:
        assert leases.take(NAME)
        yield leases


def turn(folder: Path, policy: WhenRunning) -> tuple[Turn, list[str]]:
    """A turn, and what it says."""
    said: list[str] = []
    return Turn(Leases(str(folder), ttl_s=TTL_S, owner="this"), policy, said.append), said


def test_skip_leaves_it_to_the_one_who_is_alive(other: Leases, tmp_path: Path) -> None:
    """Would catch two nights that render beside each other."""
    with pytest.raises(RunInProgress, match="other is rendering this campaign"):
        turn(tmp_path, WhenRunning.SKIP)[0].begin()


def test_skip_does_not_wait_for_the_dead(tmp_path: Path) -> None:
    """Would catch a crash after which no night renders any more."""
    dead = Leases(str(tmp_path), ttl_s=TTL_S, owner="dead")  # never entered: it does not beat
    assert dead.take(NAME)
    begun = time.monotonic()
    mine, _ = turn(tmp_path, WhenRunning.SKIP)
    mine.begin()
    assert TTL_S <= time.monotonic() - begun < TTL_S * 5
    assert mine.leases.holder(NAME) == "this"


def test_queue_begins_when_the_other_is_done(other: Leases, tmp_path: Path) -> None:
    """Would catch a queued run that is never begun, or begins at once."""
    mine, said = turn(tmp_path, WhenRunning.QUEUE)
    thread = threading.Thread(target=mine.begin)
    thread.start()
    time.sleep(TTL_S * 2)
    assert thread.is_alive() and said == ["other is rendering this campaign; waiting for it to be"
                                          " done"]  # fmt: skip
    other.release(NAME)
    thread.join(timeout=10)
    assert not thread.is_alive() and mine.leases.holder(NAME) == "this"


def test_join_waits_for_nobody_and_inherits(other: Leases, tmp_path: Path) -> None:
    """Would catch a second driver that does not help, and a run that nobody is in charge of: the
    next night would begin beside it."""
    mine, said = turn(tmp_path, WhenRunning.JOIN)
    mine.begin()
    mine.inherit()
    assert said == [] and mine.leases.holder(NAME) == "other"
    other.release(NAME)
    mine.inherit()
    assert mine.leases.holder(NAME) == "this"


def test_take_over_stops_the_other_one_and_goes_on(tmp_path: Path) -> None:
    """Would catch a run that is rendered by two at once, or begun anew: the first driver stops
    after a spot, what it did is kept, and no spot is lost."""
    path, output = write_campaign(tmp_path, feed=long_feed(16)), str(tmp_path / "out")
    log = tmp_path / "log"
    stages: list[Stage] = [Slow(log=str(log)), Count()]

    def driver(policy: WhenRunning) -> CampaignRun:
        return CampaignRun(
            read_campaign(path), stages, output, lambda _: LocalRunner(stages, output),
            say=lambda _: None, unit_spots=8, lease_s=TTL_S, when_running=policy,
        )  # fmt: skip

    ended: list[BaseException] = []

    def first() -> None:
        try:
            driver(WhenRunning.JOIN).run()
        except TakenOver as error:
            ended.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    while not log.exists() or len(log.read_text().splitlines()) < 3:
        time.sleep(0.02)
    finished = driver(WhenRunning.TAKE_OVER).run()
    thread.join(timeout=20)
    assert len(ended) == 1 and "taken this campaign over" in str(ended[0])
    assert ledger.runs(output) == [finished.run_id], "the run that was open went on"
    assert ledger.counts(output, finished.run_id)["published"] == 16
    spots = log.read_text().splitlines()
    assert len(spots) - len(set(spots)) <= 1, "but for the spot that both were on, none ran twice"
