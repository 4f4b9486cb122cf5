"""The audit: rows that follow from each other, whoever wrote them, and what breaks the chain."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from jobs import verify as job
from pipeline import ledger
from pipeline.audit import UnitAudit, hashed, link_run
from pipeline.audit_check import check_audit
from pipeline.ledger import UnitWriter
from stages.base import Stage
from tests.pipeline.test_campaign_run import campaign_run, long_feed
from tests.pipeline.test_plan import write_campaign
from tests.pipeline.toy_stages import Count, Slow

app = Typer()
app.command()(job.main)


def rendered(folder: Path, where: str = "") -> str:
    """An output with two runs of the toy campaign; the second renders one spot again."""
    output = where or str(folder / "out")
    path = write_campaign(folder)
    campaign_run(path, output).run()
    feed = folder / "feed.tsv"
    feed.write_text(feed.read_text().replace("24.00 USD", "22.00 USD"))
    campaign_run(path, output).run()
    return output


def unit_file(output: str, run: int = 0) -> Path:
    """The rows of the first unit of a run."""
    run_id = ledger.runs(output)[run]
    return next(Path(output, "audit", f"run={run_id}").glob("unit=00000-*.jsonl"))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an output that nobody touches."""
    folder = tmp_path_factory.mktemp("audited")
    rendered(folder)
    return folder


@pytest.fixture
def output(pristine: Path, tmp_path: Path) -> str:
    """A copy of it, to be tampered with."""
    shutil.copytree(pristine / "out", tmp_path / "out")
    return str(tmp_path / "out")


class TestRows:
    """What is recorded."""

    def test_a_row_says_of_what_by_what_and_what_the_gates_said(self, output: str) -> None:
        """Would catch an audit from which nobody can tell how a spot came to be."""
        rows = [json.loads(line)["row"] for line in unit_file(output).read_text().splitlines()]
        assert rows[0]["kind"] == "unit"
        assert [stage["stage"] for stage in rows[0]["recipe"]] == ["loud", "count"]
        assert rows[0]["disclosure"]["label"] == "AI-generated" and rows[0]["signer"] == "dev"
        by_id = {row["spot_id"]: row for row in rows[1:]}
        mug = by_id["mug"]
        assert mug["status"] == "published" and len(mug["made_from"]["pictures"][0]) == 64
        assert mug["made_from"]["price"] == "24.000 USD"
        assert [run["key"] for run in mug["stages"]] == sorted(
            {run["key"] for run in mug["stages"]}, key=[r["key"] for r in mug["stages"]].index
        )
        turned_down = [row for row in rows[1:] if row["reason_code"] == "forbidden"]
        assert all(row["gates"][0]["verdict"] == "block" for row in turned_down)

    def test_runs_are_linked_and_the_head_can_be_noted(self, output: str) -> None:
        """Would catch runs that hang in the air, and a chain written anew as a whole."""
        found = check_audit(output)
        assert found.holds and found.runs == 2 and found.unlinked == 0, found
        assert check_audit(output, head=found.head).holds
        first = json.loads((Path(output) / "audit" / "chain" / "000001.json").read_text())
        assert check_audit(output, head=first["sha256"]).holds
        assert "that was noted before" in check_audit(output, head="0" * 64).broken


def edited(line: str, **change: object) -> str:
    """A row with another content under its old hash."""
    row = json.loads(line)
    return json.dumps({**row, "row": {**row["row"], **change}})


def forged(line: str, **change: object) -> str:
    """A row with another content, hashed anew."""
    row = json.loads(edited(line, **change))
    row.pop("sha256")
    return json.dumps(hashed(row))


Tampering = Callable[[list[str]], list[str]]
TAMPERINGS: dict[str, tuple[Tampering, str]] = {
    "edited": (
        lambda rows: [rows[0], edited(rows[1], status="approved"), *rows[2:]],
        r"row 1 \(spot [\w-]+\): its content is not what was hashed",
    ),
    "edited and hashed anew": (
        lambda rows: [rows[0], forged(rows[1], status="approved"), *rows[2:]],
        r"row 2 \(spot [\w-]+\): it does not follow from the row before it",
    ),
    "removed": (
        lambda rows: [rows[0], *rows[2:]],
        r"row 1 \(spot [\w-]+\): row 2 stands in its place; one is gone or was moved",
    ),
    "moved": (
        lambda rows: [rows[0], rows[2], rows[1], *rows[3:]],
        r"row 1 \(spot [\w-]+\): row 2 stands in its place",
    ),
    "cut off": (lambda rows: rows[:-1], r"row \d+: it and what followed is gone"),
    "garbled": (lambda rows: [*rows[:-1], "{"], r"row \d+: it cannot be read"),
    "forged at the end": (
        lambda rows: [*rows[:-1], forged(rows[-1], status="held")],
        r"row \d+: the rows do not end as they were recorded",
    ),
}


class TestTampering:
    """What was done to the rows, and where it shows."""

    @pytest.mark.parametrize("how", TAMPERINGS)
    def test_the_first_broken_row_is_named(self, output: str, how: str) -> None:
        """Would catch an audit that anyone can rewrite, and an alarm that does not say where."""
        tamper, said = TAMPERINGS[how]
        place = unit_file(output)
        place.write_text("\n".join(tamper(place.read_text().splitlines())) + "\n")
        done = CliRunner().invoke(app, ["--audit", output])
        assert done.exit_code == 1, done.output
        assert f"Broken: run {ledger.runs(output)[0]}, unit 0, row" in done.output
        assert re.search(said, done.output), done.output

    def test_a_whole_run_that_was_rewritten_is_found(self, output: str) -> None:
        """Would catch rows forged to the end and a receipt made to fit: the link knows better."""
        place, run_id = unit_file(output), ledger.runs(output)[0]
        rows = place.read_text().splitlines()
        place.write_text("\n".join([*rows[:-1], forged(rows[-1], status="held")]) + "\n")
        head = json.loads(place.read_text().splitlines()[-1])["sha256"]
        receipt = Path(output, "ledger", f"run={run_id}", "unit=00000", "receipt.json")
        content = json.loads(receipt.read_text())
        content["audit"]["head"] = head
        receipt.write_text(json.dumps(content))
        assert "do not end as they were recorded" in check_audit(output).broken

    def test_links_cannot_be_dropped_or_changed(self, output: str) -> None:
        """Would catch a run that never was, because its link is gone."""
        chain = Path(output) / "audit" / "chain"
        last = (chain / "000002.json").read_text()
        (chain / "000002.json").unlink()
        assert "link 2, of run" in check_audit(output).broken
        (chain / "000002.json").write_text(last)
        content = json.loads((chain / "000001.json").read_text())
        content["units"] = []
        (chain / "000001.json").write_text(json.dumps(content))
        assert "000001.json, of run" in check_audit(output).broken
        content.pop("sha256")
        (chain / "000001.json").write_text(json.dumps(hashed(content)))
        assert "000002.json" in check_audit(output).broken

    def test_rows_that_are_gone_are_missed(self, output: str) -> None:
        """Would catch a whole file that was removed."""
        unit_file(output).unlink()
        assert "is gone" in check_audit(output).broken


class TestDrivers:
    """Several at once, and outputs of before."""

    @pytest.mark.parametrize("where", ["local", "s3"])
    def test_two_drivers_and_two_runs_make_one_chain(
        self, where: str, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        """Would catch links of one run made twice, links of two runs in one place, and rows of a
        driver whose unit another one had recorded first."""
        output = str(tmp_path / "out")
        if where == "s3":
            output = f"{request.getfixturevalue('s3_bucket')}/{tmp_path.name}"
        path = write_campaign(tmp_path, feed=long_feed(6))
        stages: list[Stage] = [Slow(log=str(tmp_path / "log")), Count()]
        run = replace(campaign_run(path, output, stages), unit_spots=2, lease_s=5.0)
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(driver.run) for driver in (run, replace(run))]:
                done.result()
        run_id = ledger.runs(output)[0]
        with ThreadPoolExecutor(4) as pool:
            asked = [run_id, run_id, "run-b", "run-c"]
            links = list(pool.map(lambda name: link_run(output, name), asked))
        assert links[0] == links[1] and len({link["n"] for link in links}) == 3
        found = check_audit(output)
        assert found.holds and found.runs == len(ledger.runs(output)) + 2, found
        assert found.rows >= 6 + 3 and not found.unlinked

    def test_of_two_drivers_on_a_unit_one_counts(self, tmp_path: Path) -> None:
        """Would catch rows of a driver that was taken for dead, between those that count."""
        output = str(tmp_path / "out")
        row = {"spot_id": "mug", "stages": [], "status": "published"}
        audits = [UnitAudit(output, "r1", 0, {}, []) for _ in range(2)]
        for audit in audits:
            audit.add(row)
        told = [audit.write() for audit in audits]
        won = UnitWriter(output, "r1", 0).close(0, {"audit": told[0]})
        lost = UnitWriter(output, "r1", 0).close(0, {"audit": told[1]})
        assert won is not None and lost is None
        audits[1].discard()
        found = check_audit(output)
        assert found.holds and found.unlinked == 2, found
        assert len(list(Path(output, "audit").rglob("*.jsonl"))) == 1

    def test_outputs_of_before_are_no_alarm(self, output: str) -> None:
        """Would catch the first run after an update that calls all that was rendered forged."""
        old = Path(output, "ledger", "run=20200101T000000000Z-0000")
        old.mkdir()
        (old / "closed.json").write_text('{"by": "x"}')
        found = check_audit(output)
        assert found.holds and found.without == ("20200101T000000000Z-0000",)
        nothing = CliRunner().invoke(app, ["--audit", output + "-elsewhere"])
        assert nothing.exit_code == 2 and "no audit here" in nothing.output
        good = CliRunner().invoke(app, ["--audit", output, "--json"])
        assert good.exit_code == 0 and json.loads(good.output)["runs"] == 2
