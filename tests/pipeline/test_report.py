"""The report page: complete, self-contained, and inert whatever the feed says."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from pipeline import ledger, storage
from pipeline.media import MediaStore
from pipeline.report import RunSummary, summarise, write_report
from pipeline.report import report as report_module
from pipeline.report.distribution import Distribution, distributions
from pipeline.report.gates import Limits, limits_in
from pipeline.report.histogram import histogram
from pipeline.report.rows import as_table, each_row
from pipeline.report.sheet import overview_sheet
from pipeline.report.words import duration, metric_name, number
from schemas.result import RESULT_SCHEMA

RUN_ID = "20261123T061500123Z"
VOID = {"meta", "link", "img", "source", "track", "input", "br"}


def stage(name: str, *, seconds: float = 2.0, cached: bool = False) -> dict[str, Any]:
    """A stage run that took `seconds` of wall time and half as much again of CPU."""
    return {
        "stage": name, "engine": "embedded", "version": "1", "key": "0" * 64, "seconds": seconds,
        "cpu_seconds": 1.5 * seconds, "peak_memory_mb": 100 * seconds, "cached": cached,
        "attempt": 1,
    }  # fmt: skip


def row(spot_id: str, status: str = "published", **columns: Any) -> dict[str, Any]:
    """A ledger row, as `pipeline.rows` makes them."""
    values: dict[str, Any] = dict.fromkeys(RESULT_SCHEMA.names)
    values.update(
        run_id=RUN_ID, spot_id=spot_id, product_id=spot_id.upper(), variant="main", status=status,
        stage="publish", title=f"Title of {spot_id}", outputs=[], metrics={}, verdicts=[],
        stages=[],
    )  # fmt: skip
    return {**values, **columns}


def published(output: Path, spot_id: str, status: str = "published", **more: Any) -> dict[str, Any]:
    """A row whose video, poster, captions and contact sheet lie where publish puts them."""
    folder = output / "spots" / spot_id
    folder.mkdir(parents=True)
    stem = folder / "9x16-0123456789abcdef"
    stem.with_suffix(".mp4").write_bytes(b"video")
    Image.new("RGB", (9, 16), "teal").save(stem.with_suffix(".jpg"))
    stem.with_suffix(".vtt").write_text(
        "WEBVTT\n\n00:00.000 --> 00:01.000\nFish &amp;\nchips\n\nsecond\n00:01.000 --> 00:02.000\n"
        "for <i>you</i>\n",
        encoding="utf-8",
    )
    sheet = output / "sheet.png"
    Image.new("RGB", (60, 20), "navy").save(sheet)
    video = {"format": "9x16", "uri": f"{stem}.mp4", "sha256": "a" * 64, "bytes": 5}
    return row(
        spot_id,
        status,
        outputs=[video],
        contact_sheet_uri=MediaStore(str(output)).put(sheet),
        **more,
    )


class Page(HTMLParser):
    """Elements of a page, in order: (tag, attributes), and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        where = self._open[-1] if self._open else ""
        self.inside.get(where, self.texts).append(data)

    @property
    def text(self) -> str:
        """What a reader sees, whitespace made single."""
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        """Attributes of every element of that kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def cards(self) -> list[dict[str, str]]:
        """Attributes of the spots' cards."""
        return [one for one in self.all("article") if "card" in one["class"].split()]


def write(output: Path, rows: Any, **more: Any) -> Page:
    """Write the report and read it back."""
    started_at = datetime(2026, 11, 23, 6, 15, tzinfo=UTC)
    summary = summarise(
        rows, campaign="Spring", started_at=started_at, seconds=30.0, recipe="laptop"
    )
    uri = write_report(str(output), "Spring", rows, summary, **more)
    assert uri == str(output / "report" / "index.html")
    return Page(Path(uri).read_text(encoding="utf-8"))


def test_every_link_leads_to_a_file_beside_the_page(tmp_path: Path) -> None:
    """Catches links that break when the folder is opened from a disk, or lead to the network."""
    page = write(tmp_path, [published(tmp_path, "mug"), published(tmp_path, "lamp", "unchanged")])
    links = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "poster") and not value.startswith(("#", "data:"))
    ]
    assert len(links) == 2 * (1 + 1 + 1 + 1 + 2) + 1  # source, poster, 2 links, sheet twice; csv
    for link in links:
        assert "://" not in link and not link.startswith("/")
        assert (tmp_path / "report" / unquote(link)).resolve().is_file(), link
    assert not re.search(r"https?://|@import|url\(", str(page.inside))


def test_all_formats_of_a_spot_stand_side_by_side(tmp_path: Path) -> None:
    """Catches a report in which a reviewer sees the first format alone, or a wide video in an
    upright frame."""
    spot = published(tmp_path, "mug", metrics={"product_fidelity.16x9": 0.8})
    (upright,) = spot["outputs"]
    wide = Path(upright["uri"]).with_name("16x9-0123456789abcdef.mp4")
    wide.write_bytes(b"wide")
    spot["outputs"].append({**upright, "format": "16x9", "uri": str(wide)})
    page = write(tmp_path, [spot])
    sizes = [(video["width"], video["height"]) for video in page.all("video")]
    assert sizes == [("1080", "1920"), ("1920", "1080")]
    assert [one["src"].rsplit("/", 1)[1][:5] for one in page.all("source")] == ["9x16-", "16x9-"]
    assert "Product fidelity (16x9)" in page.text


def test_unusual_file_names_are_quoted(tmp_path: Path) -> None:
    """Catches a spot id with "#", "%" or a space cutting its own links short."""
    page = write(tmp_path, [published(tmp_path, "50% off #1")])
    (source,) = page.all("source")
    assert source["src"] == "../spots/50%25%20off%20%231/9x16-0123456789abcdef.mp4"


def test_media_of_an_output_that_was_moved(tmp_path: Path) -> None:
    """Catches links made from the place where the run was, after the folder was copied."""
    before, after = tmp_path / "before", tmp_path / "after"
    row_before = published(before, "mug")
    before.rename(after)
    page = write(after, [row_before])
    assert (after / "report" / page.all("source")[0]["src"]).resolve().is_file()
    assert page.all("track"), "captions are read from the new place too"


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='alert(1)",
        "</style></title><script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "\u202etxt.exe\u202c مصباح \u0000",
    ],
)
def test_hostile_words_are_inert(tmp_path: Path, evil: str) -> None:
    """Catches feed text that becomes markup, a handler or a template, in any place it is shown."""
    verdict = {"gate": evil, "rule": evil, "verdict": "block", "evidence": evil}
    proof = dict.fromkeys(("c2pa_state", "manifest_sha256", "watermark_id", "signer"), evil)
    columns: dict[str, Any] = {
        "title": evil, "product_id": evil, "variant": evil, "reason": evil, "reason_code": evil,
        "verdicts": [verdict], "provenance": proof, "metrics": {evil: 1.0},
        "stages": [{**stage(evil), "engine": evil, "version": evil}],
    }  # fmt: skip
    plain = write(tmp_path / "plain", [row("mug", "rejected", stage="screen", **{
        **columns, "title": "x", "product_id": "x", "variant": "x", "reason": "x",
        "reason_code": "x", "verdicts": [dict.fromkeys(verdict, "x") | {"verdict": "block"}],
        "provenance": dict.fromkeys(proof, "x"), "metrics": {"x": 1.0},
        "stages": [{**stage("x"), "engine": "x", "version": "x"}],
    })])  # fmt: skip
    rows = [row("mug", "rejected", **{**columns, "stage": "screen"})]
    page = write(tmp_path / "evil", rows)
    campaign = write_report(str(tmp_path / "evil"), evil, rows, summarise(rows, campaign=evil))
    renamed = Page(Path(campaign).read_text(encoding="utf-8"))
    for shown in (page, renamed):
        kinds = [tag for tag, _ in shown.elements if tag != "br"]
        known = [tag for tag, _ in plain.elements if tag != "br"]
        assert sorted(set(kinds)) == sorted(set(known))
        assert kinds.count("script") == 1 and not shown.all("img")
        assert not [name for _, found in shown.elements for name in found if name.startswith("on")]
    if "\u0000" not in evil:
        assert " ".join(evil.split()) in page.text


def test_policy_lets_only_our_own_script_and_style_run(tmp_path: Path) -> None:
    """Catches an edit after which the browser refuses the page's own script, or takes any."""
    page = write(tmp_path, [row("mug")])
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv")]
    for kind in ("script", "style"):
        digest = hashlib.sha256("".join(page.inside[kind]).encode()).digest()
        assert f"{kind}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not any("style" in attributes for _, attributes in page.elements)


def test_page_says_what_happened_to_each_spot(tmp_path: Path) -> None:
    """Catches a status, a reason or a stage that is lost between the ledger and the page."""
    rows = [
        published(tmp_path, "mug", metrics={"loudness_lufs": -14.02}),
        row("lamp", "held", stage="inspect", reason_code="claim_needs_source", reason="Says best."),
        row("watch", "rejected", stage="screen", reason_code="price_mismatch", reason="Says $39."),
        row("soap", "failed", stage="composite", reason_code="timeout", reason="Took 600 s."),
        row("oil", "unchanged"),
    ]
    page = write(tmp_path, rows)
    shown = [(card["data-status"], card["id"]) for card in page.cards()]
    assert shown == [("held", "spot-lamp"), ("failed", "spot-soap"), ("rejected", "spot-watch"),
                     ("published", "spot-mug"), ("unchanged", "spot-oil")]  # fmt: skip
    for words in ("Says best.", "Price mismatch, at screen", "Says $39.", "Took 600 s."):
        assert words in page.text
    assert (
        "2 of 5 spots are ready to run. 1 waits for a decision, 1 must not ship and 1 failed."
        in (page.text)
    )
    assert "−14.0 LUFS" in page.text
    assert "23 November 2026, 06:15 UTC" in page.text


def test_captions_work_without_a_server(tmp_path: Path) -> None:
    """Catches captions linked as a file, which browsers refuse on a page opened from a disk."""
    page = write(tmp_path, [published(tmp_path, "mug")])
    (track,) = page.all("track")
    head, _, content = track["src"].partition(",")
    assert head == "data:text/vtt;base64"
    assert base64.b64decode(content) == next(tmp_path.glob("spots/*/*.vtt")).read_bytes()
    assert "Fish & chips for you" in page.text
    assert "fish & chips for you" in page.cards()[0]["data-text"], "search finds spoken words"


def test_a_table_and_a_list_make_the_same_page(tmp_path: Path) -> None:
    """Catches Arrow's maps (lists of pairs) or nulls breaking the page built from the ledger."""
    rows = [published(tmp_path, "mug", metrics={"warp_error": 0.01}, stages=[stage("screen")])]
    write(tmp_path, rows)
    from_list = (tmp_path / "report" / "index.html").read_bytes()
    write(tmp_path, as_table(rows))
    assert (tmp_path / "report" / "index.html").read_bytes() == from_list


def test_many_spots_are_on_pages_each_once(tmp_path: Path, monkeypatch: Any) -> None:
    """Catches spots lost or doubled at a page's edge, and pages of a larger run left behind."""
    monkeypatch.setattr(report_module, "SPOTS_PER_PAGE", 4)
    rows = [row(f"s{n:02d}", "rejected" if n % 5 == 0 else "published") for n in range(11)]
    rows[3]["title"] = "</script><script>alert(1)"
    write(tmp_path, rows)
    folder = tmp_path / "report"
    names = ["index.html", "page-2.html", "page-3.html"]
    found = [c["id"] for n in names for c in Page((folder / n).read_text("utf-8")).cards()]
    assert len(found) == 11 and set(found) == {f"spot-s{n:02d}" for n in range(11)}
    assert found[:3] == ["spot-s00", "spot-s05", "spot-s10"], "what needs attention comes first"
    script = (folder / "spots.js").read_text("utf-8")
    assert "<" not in script
    index = json.loads(script.removeprefix("window.spotmillSpots = ").rstrip(";\n"))
    assert {(spot, page) for spot, _, _, page, _ in index} == {
        (card["id"].removeprefix("spot-"), name)
        for name in names
        for card in Page((folder / name).read_text("utf-8")).cards()
    }
    write(tmp_path, rows[:2])
    assert sorted(path.name for path in folder.glob("*.html")) == ["index.html"]


def test_a_page_that_leaves_spots_out_says_so(tmp_path: Path, monkeypatch: Any) -> None:
    """Catches a silent cut: the reader must know that the ledger has more."""
    monkeypatch.setattr(report_module, "SPOTS_PER_PAGE", 2)
    monkeypatch.setattr(report_module, "MOST_PAGES", 2)
    page = write(tmp_path, [row(f"s{n}") for n in range(7)])
    assert "These pages show 4 of 7 spots" in page.text


def test_no_rows_make_a_page(tmp_path: Path) -> None:
    """Catches divisions by zero in a run in which there was nothing to do."""
    assert "There was nothing to render." in write(tmp_path, []).text


def test_report_in_object_storage() -> None:
    """Catches a path that only works on a local disk."""
    output = "memory://bucket/report-room"
    rows = [row("mug", outputs=[{"format": "9x16", "uri": f"{output}/spots/mug/9x16-0.mp4"}])]
    rows[0]["outputs"][0].update(sha256="a" * 64, bytes=5)
    uri = write_report(output, "Spring", rows, summarise(rows, campaign="Spring"))
    assert uri == f"{output}/report/index.html"
    page = Page(storage.read_bytes(uri).decode())
    assert page.all("source")[0]["src"] == "../spots/mug/9x16-0.mp4"
    assert "mlflow ui" not in page.text


def test_spreadsheet_cells_never_become_formulas(tmp_path: Path) -> None:
    """Catches CSV injection: a feed that makes Excel call a URL when the ledger is opened."""
    evil = ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "  =1", "\r=1"]
    rows = [row(f"s{n}", "rejected", reason=text, product_id=text) for n, text in enumerate(evil)]
    rows.append(row("fine", "rejected", reason='A "quoted", harmless\nreason - really'))
    write(tmp_path, rows)
    content = (tmp_path / "report" / "ledger.csv").read_bytes().decode("utf-8-sig")
    cells = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [cell["spot_id"] for cell in cells] == [one["spot_id"] for one in rows]
    for cell, text in zip(cells, evil, strict=False):
        assert cell["reason"] == cell["product_id"] == f"'{text}"
    assert cells[-1]["reason"] == rows[-1]["reason"]


def test_summary_counts_only_work_of_this_run() -> None:
    """Catches cached or unchanged work being billed again to this run."""
    rows = [
        row("a", stages=[stage("screen", seconds=1), stage("composite", seconds=8)]),
        row("b", stages=[stage("screen", seconds=3, cached=True), stage("composite", seconds=4)]),
        row("c", "unchanged", stages=[stage("screen", seconds=9, cached=True)]),
        row("d", "rejected", reason_code="claim", stages=[stage("screen", seconds=2)]),
    ]
    summary = summarise(rows, campaign="Spring", seconds=30.0)
    screen, composite = summary.stage_seconds
    assert (screen.stage, screen.executed, screen.cached) == ("screen", 2, 1)
    assert (screen.seconds, screen.cpu_seconds, screen.saved_seconds) == (3.0, 4.5, 3.0)
    assert screen.peak_memory_mb == 300.0 and composite.seconds == 12.0
    assert summary.run_id == RUN_ID and summary.reasons == {"claim": 1}
    assert summary.counts == {"published": 2, "held": 0, "rejected": 1, "failed": 0, "unchanged": 1,
                              "withdrawn": 0}  # fmt: skip
    assert summary.seconds_per_spot == 10.0, "the unchanged spot cost nothing"
    assert summary.cached_share == 1 / 5


def test_summary_survives_its_file() -> None:
    """Catches a field that is lost when the page is built again later."""
    started_at = datetime(2026, 11, 23, 6, 15, tzinfo=UTC)
    rows = [row("a", stages=[stage("screen")]), row("b", "failed", reason_code="timeout")]
    summary = summarise(rows, campaign="Spring", seconds=3.0, started_at=started_at, recipe="gpu")
    assert RunSummary.from_json(summary.to_json()) == summary


@pytest.mark.parametrize(
    ("evidence", "low", "high"),
    [
        ("-14.1 LUFS, allowed -14.5 to -13.5", -14.5, -13.5),
        ("0.7 is not between 0.9 and 1.0", 0.9, 1.0),
        ("-14.2 LUFS; target -14 ± 0.5", -14.5, -13.5),
        ("12 ms, at most 45 ms", None, 45.0),
        ("loudness −14.1, at least −15.5", -15.5, None),
        ("0.953 >= 0.9", 0.9, None),
        ("warp_error 0.031 > limit 0.02", None, 0.02),
        ("peak -1.2 dBTP (max -1.0)", None, -1.0),
    ],
)
def test_gate_lines_are_read_from_evidence(
    evidence: str, low: float | None, high: float | None
) -> None:
    """Catches lines drawn at the measured value, or on the wrong side, of the gate."""
    assert limits_in(evidence) == Limits(low, high)


def test_a_gate_that_blocked_draws_no_line() -> None:
    """Catches "0.03 > 0.02" of a blocked spot read as a gate of at least 0.02."""
    verdict = {"gate": "flicker", "rule": "warp_error", "evidence": "0.03 > 0.02"}
    rows = [row("a", metrics={"warp_error": 0.03}, verdicts=[{**verdict, "verdict": "block"}])]
    assert distributions(rows)["warp_error"].limits is None


def test_evidence_without_limits_has_none() -> None:
    """Catches lines invented from any number in a sentence."""
    assert limits_in("Read back, 0 of 127 bits corrected, z 10.9") is None
    assert limits_in(None) is None


def test_plots_show_the_campaigns_own_gates_first() -> None:
    """Catches a plot whose line is not the gate that the run was judged by."""
    verdict = {"gate": "inspect", "rule": "loudness_lufs", "verdict": "pass",
               "evidence": "-14 LUFS, allowed -15 to -13"}  # fmt: skip
    rows = [row("a", metrics={"loudness_lufs": -14.0, "zeta": float("nan")}, verdicts=[verdict])]
    assert list(distributions(rows)) == ["loudness_lufs"], "what is not a number has no plot"
    assert distributions(rows)["loudness_lufs"].limits == Limits(-15.0, -13.0)
    own = distributions(rows, {"loudness_lufs": (-14.5, -13.5)})
    assert own["loudness_lufs"].limits == Limits(-14.5, -13.5)


def test_histogram_draws_every_spot_inside_the_frame() -> None:
    """Catches bars or gate lines outside the drawing, and spots that no bar counts."""
    values = np.sort(np.random.default_rng(1).normal(10, 5, 500))
    drawn = histogram(Distribution("lip_offset_ms", values, Limits(None, 45.0)))
    counts = re.findall(r": (\d+) spot", " ".join(bar.title for bar in drawn.bars))
    assert sum(map(int, counts)) == 500 == drawn.count
    for bar in drawn.bars:
        assert bar.x >= 0 and bar.x + bar.width <= drawn.width_px
        assert bar.y >= 0 and bar.y + bar.height <= drawn.height_px + 0.1
    assert 0 < drawn.lines[0].x < drawn.width_px and not any(bar.outside for bar in drawn.bars)
    judged = histogram(Distribution("lip_offset_ms", values, Limits(None, 10.0)))
    assert judged.outside == int((values > 10.0).sum()) > 0
    assert any(bar.outside for bar in judged.bars)


def test_one_value_has_a_plot_too() -> None:
    """Catches an axis of zero length."""
    drawn = histogram(Distribution("word_error_rate", np.zeros(3), None))
    assert sum(bar.height > 0 for bar in drawn.bars) == 1 and drawn.low == "0"


def test_numbers_read_well() -> None:
    """Catches "-0.0", floats with ten digits, and units that vanish."""
    assert metric_name("loudness_lufs") == ("Loudness", "LUFS")
    assert metric_name("nsfw_score") == ("NSFW score", "")
    assert metric_name("reading_speed_cps") == ("Reading speed", "characters/s")
    assert number(-14.0213, "LUFS") == "−14.0" and number(-0.04, "ms") == "0"
    assert number(0.00071234) == "0.00071" and number(1234567.0) == "1,234,567"
    assert [duration(s) for s in (0.421, 64.04, 185, 7800)] == [
        "0.42 s", "64.0 s", "3 min 05 s", "2 h 10 min",
    ]  # fmt: skip


def test_overview_sheet_shows_spots_with_contact_sheets(tmp_path: Path) -> None:
    """Catches a missing or broken contact sheet taking the whole overview with it."""
    rows = [published(tmp_path, "mug"), published(tmp_path, "lamp"), row("soap", "failed")]
    gone = {**rows[0], "spot_id": "gone", "contact_sheet_uri": f"media:{'0' * 64}.png"}
    content = overview_sheet([*rows, gone], str(tmp_path))
    assert content is not None
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    navy = (abs(picture - (0, 0, 128)).max(axis=2) < 8).any(axis=0)
    starts = int(navy[0]) + int((np.diff(navy.astype(int)) == 1).sum())
    assert starts == 2, "two sheets side by side, none for the others"
    assert overview_sheet([rows[2]], str(tmp_path)) is None


def test_command_builds_the_page_from_the_ledger(tmp_path: Path) -> None:
    """Catches a page that can only be made while the run is in memory."""
    import typer

    from jobs.report import report

    app = typer.Typer()
    app.command()(report)
    empty = CliRunner().invoke(app, [str(tmp_path)])
    assert empty.exit_code == 2 and "render a campaign first" in empty.output
    writer = ledger.UnitWriter(str(tmp_path), RUN_ID, 0)
    for one in (published(tmp_path, "mug"), row("lamp", "failed", reason_code="timeout")):
        writer.add(one)
    writer.close(2, {"run_id": RUN_ID, "unit": 0, "seconds": 12.0})
    done = CliRunner().invoke(app, [str(tmp_path)])
    assert done.exit_code == 0, done.output
    page = Page((tmp_path / "report" / "index.html").read_text("utf-8"))
    assert {card["id"] for card in page.cards()} == {"spot-mug", "spot-lamp"}
    assert "6.00 s" in page.text and "23 November 2026, 06:15 UTC" in page.text
    unknown = CliRunner().invoke(app, [str(tmp_path), "--run", "x"])
    assert unknown.exit_code == 2 and RUN_ID in unknown.output


def test_rows_are_complete_whatever_they_lack() -> None:
    """Catches a KeyError on rows of an older ledger."""
    (complete,) = each_row([{"spot_id": "a", "status": "failed", "metrics": None}])
    assert complete["metrics"] == {} and complete["stages"] == [] and complete["title"] is None
