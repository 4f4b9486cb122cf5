"""The adapter: errors become columns, work is not repeated, types do not change."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline import adapter as adapter_module
from pipeline.adapter import StageAdapter
from pipeline.local_runner import LocalRunner
from pipeline.media import MediaStore
from pipeline.rows import RecipeError, check_recipe, new_row
from stages.base import Media
from tests.pipeline.toy_stages import Count, Loud, spot


def run(output: Path, *rows: dict[str, Any], stages: list[Any] | None = None) -> list[dict]:
    """Rows through both stages in this process."""
    ready = [new_row(row, "print", 1) for row in rows]
    return list(LocalRunner(stages or [Loud(), Count()], str(output)).run(ready))


def test_a_row_collects_columns_metrics_verdicts_and_runs(tmp_path: Path) -> None:
    """Would catch a stage's output that gets lost on its way to the ledger."""
    (row,) = run(tmp_path, spot("a", "hello"))
    store = MediaStore(str(tmp_path))
    assert store.open(row["count_uri"]).read_text() == "12.000"
    assert row["metrics"] == {"letters": 3.0}
    assert [v["evidence"] for v in row["verdicts"]] == ["6"]
    assert [(r["stage"], r["cached"]) for r in row["stages"]] == [("loud", False), ("count", False)]


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        ("reject me", "rejected", "forbidden"),
        ("hold me", "held", "unclear"),
        ("bug", "failed", "error_ZeroDivisionError"),
        ("exit", "failed", "error_SystemExit"),
    ],
)
def test_every_end_is_a_status_with_its_reason(
    tmp_path: Path, script: str, status: str, code: str
) -> None:
    """Would catch an exception that kills a run, and a row that later stages still work on."""
    ended, fine = run(tmp_path, spot("a", script), spot("b", "hello"))
    assert (ended["status"], ended["stage"], ended["reason_code"]) == (status, "loud", code)
    assert ended["count_uri"] is None and len(ended["stages"]) == 1
    assert fine["status"] == "pending" and fine["count_uri"]


def test_a_passing_fault_is_tried_again_then_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch endless retries, and a retry that counts as a bug at once."""
    monkeypatch.setattr(adapter_module, "WAIT_S", (0.0, 0.0))
    log = tmp_path / "log"
    (row,) = run(tmp_path, spot("a", "retry"), stages=[Loud(log=str(log))])
    assert row["status"] == "failed" and row["reason_code"] == "error_Retry"
    assert len(log.read_text().splitlines()) == adapter_module.ATTEMPTS


def test_a_second_run_does_nothing_and_rejections_are_remembered(tmp_path: Path) -> None:
    """Would catch keys that depend on the run, and policy checks that are paid for twice."""
    log = tmp_path / "log"
    stages = [Loud(log=str(log)), Count(log=str(log))]
    rows = [spot("a", "hello"), spot("b", "reject me")]
    run(tmp_path / "out", *rows, stages=stages)
    before = log.read_text()
    first, second = run(tmp_path / "out", *rows, stages=stages)
    assert log.read_text() == before
    assert all(r["cached"] for r in first["stages"] + second["stages"])
    assert second["reason_code"] == "forbidden" and second["verdicts"]


def test_a_changed_price_runs_only_what_reads_it(tmp_path: Path) -> None:
    """Would catch a key that covers more than its stage reads: a nightly run that renders all."""
    log = tmp_path / "log"
    stages = [Loud(), Count(log=str(log))]
    run(tmp_path, spot("a", "hello"), stages=stages)
    (row,) = run(tmp_path, spot("a", "hello", price="3.000"), stages=stages)
    assert [r["cached"] for r in row["stages"]] == [True, False]


def test_a_changed_parameter_changes_the_key_and_same_content_stops_there(tmp_path: Path) -> None:
    """Would catch parameters that are no part of the key, and keys chained to keys."""
    (one,) = run(tmp_path, spot("a", "hello"))
    (two,) = run(tmp_path, spot("a", "hello"), stages=[Loud(mark="?"), Count()])
    (three,) = run(tmp_path, spot("a", "hello"), stages=[Loud(log="/dev/null"), Count()])
    assert one["stages"][0]["key"] != two["stages"][0]["key"]
    assert one["loud_uri"] != two["loud_uri"]
    # Another parameter, but the same file came out: the stage behind it has nothing to do.
    assert three["stages"][0]["cached"] is False and three["stages"][1]["cached"] is True


def test_media_that_was_removed_is_made_again(tmp_path: Path) -> None:
    """Would catch a receipt that is believed although its file has gone."""
    (row,) = run(tmp_path, spot("a", "hello"))
    place = MediaStore(str(tmp_path)).place(row["loud_uri"])
    Path(place).unlink()
    (row,) = run(tmp_path, spot("a", "hello"))
    assert [r["cached"] for r in row["stages"]] == [False, True]
    assert Path(place).exists()


def test_a_stage_that_hangs_is_stopped(tmp_path: Path) -> None:
    """Would catch a missing time limit: one spot that holds its worker for ever."""

    @dataclass(kw_only=True)
    class Slow(Loud):
        timeout_s = 0.2

        def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
            time.sleep(30)
            return {}

    begun = time.monotonic()
    (row,) = run(tmp_path, spot("a", "hello"), stages=[Slow()])
    assert row["reason_code"] == "timeout" and time.monotonic() - begun < 5


def test_it_works_outside_the_main_thread(tmp_path: Path) -> None:
    """Would catch a SIGALRM set in a thread, which Python refuses with a ValueError."""
    rows: list[dict] = []
    thread = threading.Thread(target=lambda: rows.extend(run(tmp_path, spot("a", "hello"))))
    thread.start()
    thread.join()
    assert rows[0]["status"] == "pending"


def test_a_stage_that_writes_what_it_does_not_declare_is_a_bug(tmp_path: Path) -> None:
    """Would catch a column that silently disappears at the cast to the schema."""

    @dataclass(kw_only=True)
    class Careless(Loud):
        def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
            return {"loud_uri": "x", "length_s": 1.0, "lenght_s": 1.0}

    (row,) = run(tmp_path, spot("a", "hello"), stages=[Careless()])
    assert "declares ['length_s', 'loud_uri']" in row["reason"]
    assert StageAdapter(Careless(), [Careless()], str(tmp_path)).stage.name == "loud"


def test_a_value_of_the_wrong_type_costs_its_own_spot_only(tmp_path: Path) -> None:
    """Would catch a stage's bug that surfaces in the cast of the whole block."""

    @dataclass(kw_only=True)
    class Sloppy(Loud):
        def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
            written = Loud().run(spot, media)
            return {**written, "length_s": "long"} if spot["script"] == "hello" else written

    bad, good = run(tmp_path, spot("a", "hello"), spot("b", "bye"), stages=[Sloppy()])
    assert bad["status"] == "failed" and good["status"] == "pending"


def test_a_stage_that_cannot_be_loaded_says_so_for_each_spot(tmp_path: Path) -> None:
    """Would catch a missing model that is looked for again for each of a million spots."""
    loads: list[int] = []

    @dataclass(kw_only=True)
    class Broken(Loud):
        def load(self) -> None:
            loads.append(1)
            raise ImportError("no module named torch; pip install 'spotmill[gpu]'")

    rows = run(tmp_path, spot("a", "hello"), spot("b", "bye"), stages=[Broken()])
    assert {row["reason_code"] for row in rows} == {"stage_not_loaded"} and len(loads) == 1
    assert "spotmill[gpu]" in rows[0]["reason"]


def test_a_stage_sees_only_what_it_declares(tmp_path: Path) -> None:
    """Would catch an input that is not in the key: a change of it would not be rendered."""

    @dataclass(kw_only=True)
    class Nosy(Loud):
        def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
            return {"loud_uri": spot["title"], "length_s": 1.0}

    (row,) = run(tmp_path, spot("a", "hello"), stages=[Nosy()])
    assert "without naming it in `reads`" in row["reason"]


def test_recipes_that_do_not_fit_are_refused_with_the_fix() -> None:
    """Would catch a missing stage that is noticed only after GPUs have been paid for."""
    with pytest.raises(RecipeError, match="count reads 'loud_uri', which no stage of the recipe"):
        check_recipe([Count()])
    with pytest.raises(RecipeError, match="put loud before count"):
        check_recipe([Count(), Loud()])
    with pytest.raises(RecipeError, match="two stages named 'loud'"):
        check_recipe([Loud(), Loud()])
    check_recipe([Loud(), Count()])
