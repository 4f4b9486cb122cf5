"""Evidence of verdicts: kept for programs, said to people, and old ledgers read as before."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
from typer.testing import CliRunner

from jobs.review import app
from pipeline import ledger, storage
from pipeline.adapter import StageAdapter
from pipeline.evidence import fields_of, in_words
from pipeline.report.page import _environment
from pipeline.rows import to_rows
from schemas.arrow_types import VERDICT
from schemas.result import RESULT_SCHEMA
from stages.base import Reject, Stage, Verdict

HEARD = Verdict(
    "inspect.speech.names", "public_figure", "review", 'heard: "Elon Musk"', column="heard",
    span="Elon Musk", at_s=3.24, score=0.86, threshold=0.5,
)  # fmt: skip
OF_BEFORE = {"gate": "screen.names", "rule": "list", "verdict": "pass", "evidence": "969 names"}


def test_a_verdict_says_no_more_than_applies() -> None:
    """Would catch a gate's limit of 0 dropped as if there were none, and nulls in audits."""
    plain = Verdict("a", "b", "pass", "c")
    assert plain.as_row() == {"gate": "a", "rule": "b", "verdict": "pass", "evidence": "c"}
    zero = Verdict("a", "b", "pass", "c", score=0.0, threshold=0.0, at_s=0.0)
    assert zero.as_row()["threshold"] == 0.0 == zero.as_row()["at_s"]
    row = pa.array([HEARD.as_row(), plain.as_row()], VERDICT).to_pylist()
    assert fields_of(row[0]) == HEARD.as_row() and fields_of(row[1]) == plain.as_row()
    assert {VERDICT.field(n).name for n in range(VERDICT.num_fields)} == set(vars(HEARD))


def test_people_are_told_when_to_look() -> None:
    """Would catch a reviewer who must watch a whole spot to find the word that is asked about."""
    assert in_words(HEARD.as_row()) == 'heard: "Elon Musk" (at 3.2 s)'
    assert in_words(OF_BEFORE) == "969 names" and in_words({"evidence": None, "at_s": 0.0})
    said = _environment().from_string("{{ verdict | evidence }}").render(verdict=HEARD.as_row())
    assert said.endswith("(at 3.2 s)")


def _part(rows: list[dict[str, Any]], schema: pa.Schema) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), buffer)
    return buffer.getvalue()


def _row(spot_id: str, verdict: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(RESULT_SCHEMA.names)
    row.update(run_id="r1", spot_id=spot_id, product_id="p", variant="main", status="held",
               stage="release", title="Mug", metrics=[], verdicts=[verdict])  # fmt: skip
    return row


def test_ledgers_of_before_are_read(tmp_path: Any) -> None:
    """Would catch a ledger that cannot be read any more, since its verdicts have fewer fields."""
    old = pa.struct([(name, pa.string()) for name in OF_BEFORE])
    place = RESULT_SCHEMA.get_field_index("verdicts")
    before = RESULT_SCHEMA.set(place, pa.field("verdicts", pa.list_(old)))
    folder = ledger.unit_folder(str(tmp_path), "r1", 0)
    parts = {
        "part-a.parquet": _part([_row("one", OF_BEFORE)], before),
        "part-b.parquet": _part([_row("two", HEARD.as_row())], RESULT_SCHEMA),
    }
    for name, content in parts.items():
        storage.commit_bytes(content, storage.join(folder, name))
    receipt = {"run_id": "r1", "unit": 0, "parts": list(parts)}
    one, two = to_rows(ledger.read_unit(str(tmp_path), receipt))
    assert fields_of(one["verdicts"][0]) == OF_BEFORE
    assert fields_of(two["verdicts"][0]) == HEARD.as_row()


@dataclass(kw_only=True)
class _Judged(Stage):
    """Finds the same in every spot."""

    name: ClassVar[str] = "judged"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("spot_id",)
    writes: ClassVar[pa.Schema] = pa.schema([])

    def run(self, spot: Any, media: Any) -> Any:
        if spot["spot_id"] == "bad":
            raise Reject("heard_public_figure", "no", verdicts=(HEARD,))
        return {"verdicts": [HEARD]}


def test_a_row_keeps_what_a_stage_found(tmp_path: Any) -> None:
    """Would catch evidence that is lost between a stage and the row, fresh, from the store or of a
    rejection."""
    adapter = StageAdapter(_Judged(), [_Judged()], str(tmp_path))
    row = {"status": "pending", "metrics": {}, "verdicts": [], "stages": []}
    for spot_id in ("good", "good", "bad"):
        done = adapter.run_row({**row, "spot_id": spot_id})
        assert fields_of(done["verdicts"][0]) == HEARD.as_row()


def test_the_list_of_held_spots_says_the_moment(monkeypatch: Any) -> None:
    """Would catch a list from which the moment to look at is missing."""
    held = {"spot_id": "mug", "title": "Mug", "findings": [HEARD.as_row()], "reason": "",
            "preview": None, "decision": None}  # fmt: skip
    monkeypatch.setattr("jobs.review.waiting", lambda output: [held])
    said = CliRunner().invoke(app, ["list", "out"])
    assert 'inspect.speech.names public_figure: heard: "Elon Musk" (at 3.2 s)' in said.output
    as_json = CliRunner().invoke(app, ["list", "out", "--json"])
    assert '"at_s": 3.24' in as_json.output and '"threshold": 0.5' in as_json.output
