"""A campaign run: the ledger adds up, whatever happens to a spot."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq
import pytest

from pipeline import ledger
from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun
from pipeline.feed import FeedError
from pipeline.ledger import LedgerError, UnitWriter, latest_run, read_ledger
from pipeline.local_runner import LocalRunner
from pipeline.rows import decided, to_rows
from schemas.config_error import ConfigError
from stages.base import Media, Reject, Stage
from tests.pipeline.test_plan import FEED, write_campaign
from tests.pipeline.toy_stages import Count, Loud, Slow

STAGES: list[Stage] = [Loud(), Count()]


@dataclass(kw_only=True)
class Filmed(Count):
    """As `Count`, with a film for each product in a folder."""

    reads: ClassVar[tuple[str, ...]] = (*Count.reads, "title")
    folder: str

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """One output, named after the product."""
        film = Path(self.folder, f"{spot['title']}.mp4")
        for suffix in (".mp4", ".jpg", ".vtt"):
            film.with_suffix(suffix).touch()
        output = {"format": "9x16", "uri": str(film), "sha256": "0" * 64, "bytes": 0}
        return {**super().run(spot, media), "outputs": [output]}


def rows_of(run: CampaignRun) -> list[dict[str, Any]]:
    """Run it; all its ledger rows, with what earlier runs know of them."""
    finished = run.run()
    return to_rows(read_ledger(finished.output, finished.run_id, whole=True))


def count(rows: list[dict[str, Any]]) -> dict[str, int]:
    """How many rows have each status."""
    return dict(Counter(row["status"] for row in rows))


def campaign_run(path: str, output: str, stages: list[Stage] | None = None) -> CampaignRun:
    """A run in this process."""
    stages = stages or STAGES
    return CampaignRun(
        read_campaign(path),
        stages,
        output,
        lambda _: LocalRunner(stages, output),
        say=lambda _: None,
    )


@pytest.mark.parametrize("where", ["local", "s3"])
def test_first_run_second_run_and_a_changed_price(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Would catch a second run that works again, and a price change that runs too much."""
    output = str(tmp_path / "out")
    if where == "s3":
        output = f"{request.getfixturevalue('s3_bucket')}/{tmp_path.name}"
    path = write_campaign(tmp_path)
    first = rows_of(campaign_run(path, output))
    assert count(first) == {"published": 2, "rejected": 3}

    second = rows_of(replace(campaign_run(path, output), make_runner=_no_runner))
    assert count(second) == {"unchanged": 2, "rejected": 3}
    (mug,) = [row for row in second if row["spot_id"] == "mug"]
    assert mug["metrics"] == {"letters": 3.0} and mug["settled_by"] == ledger.runs(output)[0]

    feed = tmp_path / "feed.tsv"
    feed.write_text(feed.read_text().replace("24.00 USD", "22.00 USD"))
    third = {row["spot_id"]: row for row in rows_of(campaign_run(path, output))}
    assert third["mug"]["status"] == "published"
    assert [run["cached"] for run in third["mug"]["stages"]] == [True, False]
    assert count(list(third.values()))["unchanged"] == 1
    assert len(ledger.runs(output)) == 3
    kept = to_rows(read_ledger(output, latest_run(output) or ""))
    assert {row["spot_id"] for row in kept} == set(third)


def _no_runner(_: Any) -> Any:
    raise AssertionError("nothing changed: no runner may start")


def test_spots_that_vanish_run_again_then_alone_and_then_failed(tmp_path: Path) -> None:
    """Would catch a lost spot that is missing from the ledger, and one that is retried for ever."""
    path = write_campaign(tmp_path)
    output = str(tmp_path / "out")

    class Forgetful:
        """Loses the mug always, the other spot twice; hands out twice what it does not lose."""

        def __init__(self) -> None:
            self.calls: list[list[str]] = []

        def run(self, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
            self.calls.append([row["spot_id"] for row in rows])
            if len(self.calls) > 2:
                for row in LocalRunner(STAGES, output).run(rows):
                    if row["spot_id"] != "mug":
                        yield row
                        yield row

    runner = Forgetful()
    run = replace(campaign_run(path, output), make_runner=lambda _: runner)
    rows = {row["spot_id"]: row for row in rows_of(run)}
    assert [len(call) for call in runner.calls] == [2, 2, 1, 1]
    assert rows["mug"]["reason_code"] == "worker_died" and rows["mug"]["variant"] == "main"
    assert sorted(row["status"] for row in rows.values()).count("published") == 1
    receipt = next(ledger.receipts(output, latest_run(output) or ""))
    assert receipt["spots"] == 5 == sum(receipt["counts"].values())


@dataclass(kw_only=True)
class Picky(Loud):
    """Turns down every seed it has seen less than `wants` times over all."""

    seeded = True
    wants: int = 2

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """Counts the seeds it was given in a file."""
        seeds = Path(self.log)
        seeds.write_text((seeds.read_text() if seeds.exists() else "") + f"{spot['seed']}\n")
        if len(seeds.read_text().split()) < self.wants:
            raise Reject("gate_flicker", "too much flicker", another_seed=True)
        return Loud.run(Loud(), spot, media)


@pytest.mark.parametrize(("wants", "status"), [(2, "published"), (9, "rejected")])
def test_another_seed_is_tried_up_to_the_limit(tmp_path: Path, wants: int, status: str) -> None:
    """Would catch a gate that is final at once, the same seed tried again, or no limit."""
    path = write_campaign(tmp_path)
    log = tmp_path / "seeds"
    run = campaign_run(path, str(tmp_path / "out"), [Picky(log=str(log), wants=wants), Count()])
    row = {row["spot_id"]: row for row in rows_of(replace(run, only=["mug"]))}["mug"]
    seeds = log.read_text().split()
    assert row["status"] == status and len(seeds) == len(set(seeds)) == 2
    assert row["seed"] == int(seeds[-1])
    said = [v["evidence"] for v in row["verdicts"] if v["gate"] == "quality"]
    assert said == ["turned down: too much flicker"], "the seed before is not forgotten"
    assert "earlier_seeds_cpu_s" in row["metrics"]


def test_a_feed_that_breaks_late_is_refused_before_anything_is_spent(tmp_path: Path) -> None:
    """Would catch a run that renders for hours and then stops at a bad byte in the feed."""
    path = write_campaign(tmp_path)
    (tmp_path / "feed.xml").write_text("<rss><channel><item><id>mug</id></item><item>")
    Path(path).write_text(Path(path).read_text().replace("feed.tsv", "feed.xml"))
    run = replace(campaign_run(path, str(tmp_path / "out")), make_runner=_no_runner)
    with pytest.raises(FeedError):
        run.run()
    assert not (tmp_path / "out").exists()


def test_a_recipe_that_publishes_nothing_holds_its_spots(tmp_path: Path) -> None:
    """Would catch a ledger that calls a spot published of which there is no file."""
    path = write_campaign(tmp_path)
    rows = rows_of(replace(campaign_run(path, str(tmp_path / "out"), [Loud()]), only=["../../etc"]))
    assert [(row["status"], row["reason_code"]) for row in rows] == [("held", "not_published")]


def test_a_ledger_that_does_not_add_up_is_an_error(tmp_path: Path) -> None:
    """Would catch a receipt written over a hole."""
    writer = UnitWriter(str(tmp_path), "run", 0)
    writer.add({**decided("a", "a", "rejected", "x", "y"), "run_id": "run"})
    with pytest.raises(LedgerError, match="has 1 rows for 2 spots"):
        writer.close(2, {})
    assert not list(ledger.receipts(str(tmp_path), "run"))


def test_old_ledgers_without_newer_columns_stay_readable(tmp_path: Path) -> None:
    """Would catch a reader that drops or trips over columns that a run did not have."""
    writer = UnitWriter(str(tmp_path), "run", 0, rows_per_part=1)
    for name in "ab":
        writer.add({**decided(name, name, "rejected", "x", "y"), "run_id": "run"})
    writer.close(2, {"unit": 0})
    (part, _) = sorted(tmp_path.rglob("*.parquet"))
    pq.write_table(pq.read_table(part, partitioning=None).drop_columns(["seed", "source"]), part)
    table = read_ledger(str(tmp_path), "run")
    assert table.num_rows == 2 and "seed" in table.column_names


def test_two_drivers_share_the_units_of_one_run(tmp_path: Path) -> None:
    """Would catch a unit that is rendered or recorded twice, and a run with two reports."""
    path = write_campaign(tmp_path, feed=long_feed(24))
    output, log = str(tmp_path / "out"), tmp_path / "log"
    stages: list[Stage] = [Slow(log=str(log)), Count()]
    drivers = [
        replace(campaign_run(path, output, stages), unit_spots=3, lease_s=2.0) for _ in range(2)
    ]
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda driver: driver.run(), drivers)
    assert one.run_id == two.run_id and one.closed_here != two.closed_here
    rows = to_rows(read_ledger(output, one.run_id))
    assert len(rows) == 24 == len({row["spot_id"] for row in rows})
    assert {row["status"] for row in rows} == {"published"}
    assert len(log.read_text().splitlines()) == 24, "nothing was rendered twice"


DRIVER = """
import sys
from tests.pipeline.test_campaign_run import campaign_run
from tests.pipeline.toy_stages import Count, Slow
from dataclasses import replace
path, output, log = sys.argv[1:]
replace(campaign_run(path, output, [Slow(log=log), Count()]), unit_spots=4, lease_s=1.0).run()
"""


@pytest.mark.chaos
def test_a_killed_driver_is_continued_where_it_was(tmp_path: Path) -> None:
    """Would catch a run that starts again from nothing, or a spot lost or twice after a crash."""
    path = write_campaign(tmp_path, feed=long_feed(12))
    output, log = tmp_path / "out", tmp_path / "log"
    command = [sys.executable, "-c", DRIVER, path, str(output), str(log)]
    root = Path(__file__).parents[2]
    driver = subprocess.Popen(command, cwd=root)
    deadline = time.monotonic() + 60
    while not log.exists() or len(log.read_text().splitlines()) < 6:
        assert driver.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    driver.kill()
    driver.wait()
    made = len(log.read_text().splitlines())
    assert 6 <= made < 12 and not list(output.glob("ledger/run=*/closed.json"))

    subprocess.run(command, cwd=root, check=True, timeout=60)
    assert len(ledger.runs(str(output))) == 1, "the open run was continued"
    rows = to_rows(read_ledger(str(output), ledger.runs(str(output))[0]))
    assert len(rows) == 12 == len({row["spot_id"] for row in rows})
    assert {row["status"] for row in rows} == {"published"}
    redone = len(log.read_text().splitlines()) - 12
    assert redone <= 1, "only what was in flight is done again"
    assert not list(output.glob("plan/run=*"))
    # What the kill broke off lies under a hidden name that nobody reads; jobs.clean removes it.
    assert all(part.name.startswith(".") for part in output.rglob("*.part"))


def test_an_output_of_another_campaign_is_refused(tmp_path: Path) -> None:
    """Would catch two campaigns whose spots, ledgers and reports mix in one folder."""
    path = write_campaign(tmp_path)
    rows_of(campaign_run(path, str(tmp_path / "out")))
    Path(path).write_text(Path(path).read_text().replace("name: Test", "name: Other"))
    with pytest.raises(ConfigError, match=r"it holds the campaign 'Test'; give 'Other'"):
        campaign_run(path, str(tmp_path / "out")).run()


def long_feed(products: int) -> str:
    """A feed of so many mugs."""
    header, mug = FEED.splitlines()[:2]
    rows = [mug.replace("mug\tMug", f"mug-{n:02d}\tMug {n}", 1) for n in range(products)]
    return "\n".join([header, *rows])


def test_each_unit_is_planned_with_what_the_ones_before_it_cost(tmp_path: Path) -> None:
    """Would catch pools that are sized by a guess for ever, by each nightly run anew."""
    path, output = write_campaign(tmp_path, feed=long_feed(8)), str(tmp_path / "out")
    stages: list[Stage] = [Slow(log=str(tmp_path / "log")), Count()]
    told: list[Mapping[str, float]] = []

    def make_runner(seconds: Mapping[str, float]) -> LocalRunner:
        told.append(seconds)
        return LocalRunner(stages, output)

    run = replace(campaign_run(path, output, stages), make_runner=make_runner, unit_spots=4)
    rows_of(run)
    assert told[0] == {"loud": 1.0, "count": 1.0}, "the stages' own hints"
    assert told[1]["loud"] < 0.5 and told[1]["count"] < 0.5, "CPU seconds, as measured"
    feed = tmp_path / "feed.tsv"
    feed.write_text(feed.read_text().replace("\tMug 3\t", "\tCup 3\t"))
    rows_of(replace(campaign_run(path, output, stages), make_runner=make_runner))
    assert told[2]["loud"] < 0.5


def test_the_index_has_every_spot_once_and_its_newest_row(tmp_path: Path) -> None:
    """Would catch a run of a few spots after which all others are taken for new, and an index in
    which an old row outlives a newer one.
    """
    path, output = write_campaign(tmp_path, feed=long_feed(6)), str(tmp_path / "out")
    rows_of(campaign_run(path, output))
    feed = tmp_path / "feed.tsv"
    feed.write_text(feed.read_text().replace("\tMug 3\t", "\tCup 3\t"))
    rows_of(replace(campaign_run(path, output), only=["mug-03"]))
    (tmp_path / "out" / "ledger" / "index").rename(tmp_path / "old")
    (newest,) = [max((tmp_path / "old").iterdir())]
    assert len(list((tmp_path / "old").iterdir())) == 2
    table = pq.read_table(newest)
    assert sorted(table["spot_id"].to_pylist()) == [f"mug-{n:02d}" for n in range(6)]
    by = dict(zip(table["spot_id"].to_pylist(), table["settled_by"].to_pylist(), strict=True))
    first, second = ledger.runs(output)
    assert by == {f"mug-{n:02d}": second if n == 3 else first for n in range(6)}
    again = rows_of(replace(campaign_run(path, output), make_runner=_no_runner))
    assert count(again) == {"unchanged": 6}, "without an index the runs tell"


@pytest.mark.parametrize("at_once", [False, True])
def test_a_planner_that_is_killed_leaves_nothing_that_later_plans_believe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    """Would catch withdrawn products that are told by a plan that never became a run; killed
    at once it cannot even tidy up."""
    path, output = write_campaign(tmp_path, feed=long_feed(4)), str(tmp_path / "out")
    rows_of(campaign_run(path, output))
    feed = tmp_path / "feed.tsv"
    feed.write_text("\n".join(feed.read_text().splitlines()[:-1]))

    def killed(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.assets.AssetDigests.save", killed)
        if at_once:
            patch.setattr("pipeline.campaign_run.forget", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            campaign_run(path, output).run()
    assert len(ledger.runs(output)) == 1 + at_once
    assert count(rows_of(campaign_run(path, output))) == {"unchanged": 3, "withdrawn": 1}


def test_what_was_on_air_is_withdrawn_though_its_newest_version_was_turned_down(
    tmp_path: Path,
) -> None:
    """Would catch a film that stays on air for ever: published, then rejected, then sold out."""
    path, output = write_campaign(tmp_path, feed=long_feed(3)), str(tmp_path / "out")
    scripts, feed = tmp_path / "scripts.tsv", tmp_path / "feed.tsv"
    stages: list[Stage] = [Loud(), Filmed(folder=str(tmp_path))]
    rows_of(campaign_run(path, output, stages))
    scripts.write_text("id\tscript\nmug-02\treject me\n")
    for _ in range(3):  # the row is carried from run to run, and so is what was on air
        rows = rows_of(campaign_run(path, output, stages))
        assert count(rows) == {"unchanged": 2, "rejected": 1}
    feed.write_text("\n".join(feed.read_text().splitlines()[:-1]))
    for index in (Path(output) / "ledger" / "index").glob("*.parquet"):
        index.unlink()  # the runs alone tell it, too
    rows = rows_of(campaign_run(path, output, stages))
    assert count(rows) == {"unchanged": 2, "withdrawn": 1}
    (gone,) = [row for row in rows if row["status"] == "withdrawn"]
    assert [output["uri"] for output in gone["outputs"]] == [str(tmp_path / "Mug 2.mp4")]
    rows = rows_of(campaign_run(path, output, stages))
    assert count(rows) == {"unchanged": 2}


def test_one_per_cent_changed_costs_one_per_cent(tmp_path: Path) -> None:
    """Would catch a small change that makes whole units work again: at most 1.5 % of the first
    run's stage work."""
    path, output = write_campaign(tmp_path, feed=long_feed(200)), str(tmp_path / "out")
    feed = tmp_path / "feed.tsv"

    def work(rows: list[dict[str, Any]]) -> int:
        mine = [row for row in rows if row["settled_by"] is None]
        return sum(not ran["cached"] for row in mine for ran in row["stages"] or ())

    first = work(rows_of(replace(campaign_run(path, output), unit_spots=50)))
    lines = feed.read_text().splitlines()
    changed = [
        line.replace("24.00", "23.00") if n % 100 == 7 else line for n, line in enumerate(lines)
    ]
    feed.write_text("\n".join(changed))
    rows = rows_of(replace(campaign_run(path, output), unit_spots=50))
    assert count(rows) == {"unchanged": 198, "published": 2}
    assert first >= 400 and 0 < work(rows) <= 0.015 * first


def test_an_output_of_another_layout_is_refused(tmp_path: Path) -> None:
    """Would catch a ledger that is read by the rules of another version, and written over."""
    path, output = write_campaign(tmp_path), tmp_path / "out"
    rows_of(campaign_run(path, str(output)))
    owner = output / "campaign.json"
    owner.write_text(owner.read_text().replace('"layout": "1"', '"layout": "7"'))
    with pytest.raises(ConfigError, match=r"ledger is of layout 7, this Spotmill reads 1; give"):
        campaign_run(path, str(output)).run()
    owner.write_text('{"name": "Test"}')  # as written before there was a number
    assert count(rows_of(campaign_run(path, str(output)))) == {"unchanged": 2, "rejected": 3}
