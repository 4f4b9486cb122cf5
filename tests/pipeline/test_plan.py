"""Plan: bad rows are settled with their reason, ids are safe, and keys hold what matters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import storage
from pipeline.campaign_file import read_campaign
from pipeline.feed import UnreadRow
from pipeline.plan import Planner, new_run_id, spot_id_of
from pipeline.rows import to_rows
from pipeline.settled import Settled
from schemas.config_error import ConfigError
from stages.speech import Speech
from tests.pipeline.toy_stages import Count, Loud

FEED = """id\ttitle\timage_link\tprice\tsale_price\tsale_price_effective_date\tavailability
mug\tMug\thttps://shop.example.com/mug.jpg\t28.00 USD\t24.00 USD\t2026-11-23/2026-12-06\tin_stock
../../etc\tOdd id\thttps://shop.example.com/mug.jpg\t9 USD\t\t\tin_stock
lamp\tLamp\thttps://shop.example.com/lamp.jpg\t9 USD\t\t\tin_stock
mug\tMug again\thttps://shop.example.com/mug.jpg\t28.00 USD\t\t\tin_stock
cup\tCup\thttps://shop.example.com/mug.jpg\tfree\t\t\tin_stock
"""


def write_campaign(folder: Path, **more: str) -> str:
    """A small campaign with one picture, and its feed above."""
    (folder / "products").mkdir(parents=True)
    (folder / "products" / "mug.jpg").write_bytes(b"a photo")
    (folder / "feed.tsv").write_text(more.pop("feed", FEED))
    (folder / "scripts.tsv").write_text("id\tscript\tcta\nmug\tA mug for you.\tShop the mug\n")
    lines = ["name: Test", "feed: feed.tsv", "scripts: scripts.tsv", "images: products/"]
    lines += ["date: 2026-11-24", "brand: {name: Shop}", "script: Meet {title} for {price}."]
    lines += [f"{key}: {value}" for key, value in more.items()]
    (folder / "campaign.yaml").write_text("\n".join(lines))
    return str(folder / "campaign.yaml")


@dataclass
class Planned:
    """A unit with the ledger rows of its settled spots."""

    pending: list[dict[str, Any]]
    decided: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.pending) + len(self.decided)


def plan(path: str, known: dict[str, Any] | None = None, **options: Any) -> list[Planned]:
    """Units of a campaign file; `known` are ledger rows of an earlier run by spot id."""
    settled = Settled.of(
        [{**row, "run_id": row.get("run_id", "r0")} for row in (known or {}).values()]
    )
    planner = Planner(read_campaign(path), [Loud(), Count()], settled, **options)
    return [
        Planned(unit.pending, to_rows(unit.settled_rows(settled, "r1"))) for unit in planner.units()
    ]


def test_every_feed_row_is_either_pending_or_settled_with_a_reason(tmp_path: Path) -> None:
    """Would catch a feed row that vanishes, or one bad row that stops the campaign."""
    (unit,) = plan(write_campaign(tmp_path))
    reasons = {row["spot_id"]: row["reason_code"] for row in unit.decided}
    assert reasons == {
        "lamp": "image_missing",
        "mug-line-5": "duplicate_id",
        "cup": "invalid_price",
    }
    assert [row["product_id"] for row in unit.pending] == ["mug", "../../etc"]
    assert len(unit) == 5


def test_a_spot_row_has_the_days_price_and_the_scripts_words(tmp_path: Path) -> None:
    """Would catch an ad that shows yesterday's price or another product's script."""
    (unit,) = plan(write_campaign(tmp_path))
    mug, odd = unit.pending
    assert (str(mug["price"]), str(mug["regular_price"])) == ("24.000", "28.000")
    assert (mug["script"], mug["cta"]) == ("A mug for you.", "Shop the mug")
    assert odd["script"] == "Meet Odd id for $9." and odd["regular_price"] is None
    (later,) = plan(write_campaign(tmp_path / "b", date="2026-12-24"))
    assert str(later.pending[0]["price"]) == "28.000"


def test_ids_cannot_choose_where_files_go() -> None:
    """Would catch a product id that writes outside of the output folder."""
    assert spot_id_of("TW-MUG.350", "main") == "TW-MUG.350"
    assert spot_id_of("TW-MUG.350", "b") == "TW-MUG.350--b"
    assert spot_id_of("TW-MUG.350--b", "main") != spot_id_of("TW-MUG.350", "b")
    assert spot_id_of("line-3", "main") != "line-3", "Spotmill's own id for a row without one"
    for hostile in ("../../etc", "a/b", ".hidden", "x" * 80, "a b", "c\0d", "..", ""):
        made = spot_id_of(hostile, "main")
        assert "/" not in made and not made.startswith(".") and len(made) < 64
    assert spot_id_of("a/b", "main") != spot_id_of("a b", "main")


def test_the_fingerprint_is_of_content_not_of_places(tmp_path: Path) -> None:
    """Would catch a campaign that renders everything anew because it was moved."""
    (one,) = plan(write_campaign(tmp_path / "one"))
    (two,) = plan(write_campaign(tmp_path / "two"))
    assert [r["fingerprint"] for r in one.pending] == [r["fingerprint"] for r in two.pending]
    (tmp_path / "two" / "products" / "mug.jpg").write_bytes(b"another photo")
    (three,) = plan(str(tmp_path / "two" / "campaign.yaml"))
    assert one.pending[0]["fingerprint"] != three.pending[0]["fingerprint"]


def test_what_was_settled_stays_settled_until_something_changes(tmp_path: Path) -> None:
    """Would catch a nightly run that pays again for what did not change, or misses a change."""
    path = write_campaign(tmp_path)
    (unit,) = plan(path)
    known = {}
    for row, status in zip(unit.pending, ("published", "failed"), strict=True):
        known[row["spot_id"]] = {**row, "status": status, "outputs": [], "reason_code": "timeout"}
    (again,) = plan(path, known)
    assert [row["product_id"] for row in again.pending] == ["../../etc"], "it may work tomorrow"
    assert {row["status"] for row in again.decided} == {"unchanged", "rejected"}
    for row in known.values():
        row["reason_code"] = "error_ZeroDivisionError"
    (bug,) = plan(path, known)
    assert not bug.pending, "a bug stays one"
    (asked,) = plan(path, known, retry_failed=True)
    assert [row["product_id"] for row in asked.pending] == ["../../etc"]
    gone = {"mug": {**known["mug"], "outputs": [{"uri": str(tmp_path / "gone.mp4")}]}}
    (third,) = plan(path, gone)
    assert "mug" in [row["spot_id"] for row in third.pending], "its file has gone"


def test_selection_and_units(tmp_path: Path) -> None:
    """Would catch --only that takes neighbours along and units that lose the last spots."""
    path = write_campaign(tmp_path, variants="[{name: main}, {name: b, cta: Buy}]")
    (unit,) = plan(path, only=["mug--b"])
    assert [row["spot_id"] for row in unit.pending] == ["mug--b"]
    assert unit.pending[0]["cta"] == "Buy"
    assert [len(unit.pending) for unit in plan(path, unit_spots=3)] == [3, 1]
    assert sum(len(unit) for unit in plan(path, limit=3)) == 3
    assert plan(path, only=["none"]) == []


def test_run_ids_sort_by_time() -> None:
    """Would catch a ledger whose newest run is not the newest."""
    early = new_run_id(datetime(2026, 9, 30, 23, 59, 59, 999000, tzinfo=UTC))
    late = new_run_id(datetime(2026, 10, 1, tzinfo=UTC))
    assert early < late and early.startswith("20260930T235959999Z-")
    assert new_run_id() != new_run_id(), "two that start at once must not share a ledger"


def test_web_images_are_refused_with_the_fix(tmp_path: Path) -> None:
    """Would catch a campaign that wants none of the web and whose feed is followed there."""
    path = write_campaign(tmp_path)
    text = Path(path).read_text().replace("images: products/\n", "links: {web: false}\n")
    Path(path).write_text(text)
    (unit,) = plan(path, only=["mug"])
    assert unit.decided[0]["reason_code"] == "image_elsewhere"
    assert "name it in the campaign's `images`" in unit.decided[0]["reason"]


def test_another_campaign_seed_gives_every_spot_another_seed(tmp_path: Path) -> None:
    """Would catch a seed that does not reach the spots."""
    path = write_campaign(tmp_path)
    (one,) = plan(path)
    Path(path).write_text(Path(path).read_text() + "\nseed: 5\n")
    (two,) = plan(path)
    assert {row["seed"] for row in one.pending}.isdisjoint(row["seed"] for row in two.pending)
    assert one.pending[0]["fingerprint"] != two.pending[0]["fingerprint"]


@pytest.mark.parametrize("images", ["products/", None])
@pytest.mark.parametrize(
    "link",
    [
        "", "/etc/hostname", "file:///etc/hostname", "../feed.tsv", "products/", "a%00.jpg",
        "x" * 300, "foo://bar", "simplecache::http://127.0.0.1/x", "gs://b/x", "ftp://127.0.0.1/x",
        "http://[x", "~/x", "C:\\x", "s3://b/x",
    ],
)  # fmt: skip
def test_an_odd_link_costs_its_own_row_only(tmp_path: Path, link: str, images: str | None) -> None:
    """Would catch a link that ends the run, or brings a private file into a public ad."""
    feed = FEED.replace("https://shop.example.com/lamp.jpg", link)
    path = write_campaign(tmp_path, feed=feed)
    if images is None:
        Path(path).write_text(Path(path).read_text().replace("images: products/\n", ""))
    (unit,) = plan(path, only=["lamp"])
    (row,) = unit.decided
    assert row["status"] == "rejected" and "image" in row["reason_code"]
    assert not unit.pending


def test_music_of_the_scripts_table_stays_beside_it(tmp_path: Path) -> None:
    """Would catch a scripts table that makes the planner open any address."""
    path = write_campaign(tmp_path)
    for music in ("http://127.0.0.1/x.ogg", "../x.ogg", "gone.ogg"):
        (tmp_path / "scripts.tsv").write_text(f"id\tscript\tmusic\nmug\tHello.\t{music}\n")
        (unit,) = plan(path, only=["mug"])
        assert "music_missing" in [row["reason_code"] for row in unit.decided]


def test_units_are_cut_by_what_is_to_be_rendered(tmp_path: Path) -> None:
    """Would catch a nightly run in which every unit starts all models for a handful of spots."""
    path = write_campaign(tmp_path, variants="[{name: main}, {name: b}]")
    units = plan(path, unit_spots=3)
    assert [len(unit.pending) for unit in units] == [3, 1]
    assert sum(len(unit) for unit in units) == 10


def test_an_unknown_id_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """Would catch a typo that renders nothing and says that nothing has changed."""
    planner = Planner(read_campaign(write_campaign(tmp_path)), [Loud()], only=["mog", "cup"])
    with pytest.raises(ConfigError, match=r"mog: .* did you mean mug"):
        planner.check()


def test_more_attempts_reopen_what_the_gates_turned_down(tmp_path: Path) -> None:
    """Would catch a raised limit of seeds that changes nothing for the spots it is for."""
    path = write_campaign(tmp_path)
    (unit,) = plan(path, only=["../../etc"])
    before = {**unit.pending[0], "status": "rejected", "another_seed": True, "attempt": 2}
    (same,) = plan(path, {before["spot_id"]: before}, only=["../../etc"])
    assert len(same.decided) == 1
    Path(path).write_text(Path(path).read_text() + "\nquality: {attempts: 3}\n")
    (more,) = plan(path, {before["spot_id"]: before}, only=["../../etc"])
    assert len(more.pending) == 1


def test_an_unchanged_row_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a nightly plan that reads a million products to find that nothing is new."""
    path = write_campaign(tmp_path)
    (first,) = plan(path)
    known = {row["spot_id"]: {**row, "status": "rejected"} for row in first.pending}
    known |= {row["spot_id"]: row for row in first.decided}
    read: list[str] = []
    real = UnreadRow.read
    monkeypatch.setattr(
        UnreadRow,
        "read",
        lambda row: read.append(row.product_id) or real(row),  # type: ignore[func-returns-value]
    )
    (again,) = plan(path, known)
    assert read == ["lamp"], "its picture is missing: it must be looked for again"
    assert not again.pending and len(again.decided) == 5

    (tmp_path / "products" / "mug.jpg").write_bytes(b"another photo")
    (changed,) = plan(path, known)
    assert [row["spot_id"] for row in changed.pending] == [r["spot_id"] for r in first.pending]


def test_a_sale_that_begins_is_a_change_and_a_day_without_one_is_none(tmp_path: Path) -> None:
    """Would catch yesterday's price on air, and a catalogue read anew for each day's date."""
    path = write_campaign(tmp_path)
    before = Path(path).read_text()
    Path(path).write_text(before.replace("2026-11-24", "2026-11-20"))
    (first,) = plan(path)
    known = {row["spot_id"]: {**row, "status": "rejected"} for row in first.pending}
    Path(path).write_text(before)
    (sale,) = plan(path, known)
    assert [row["spot_id"] for row in sale.pending] == ["mug"]


def test_products_that_are_gone_are_withdrawn_once(tmp_path: Path) -> None:
    """Would catch a spot that vanishes from the ledger with its product."""
    path = write_campaign(tmp_path)
    rows = [
        {**row, "status": "published", "outputs": [{"uri": "x.mp4"}], "run_id": "r0"}
        for row in plan(path)[0].pending
    ]
    settled = Settled.of(rows)
    feed = [line for line in FEED.splitlines() if not line.startswith("mug")]
    (tmp_path / "feed.tsv").write_text("\n".join(feed))
    planner = Planner(read_campaign(path), [Loud(), Count()], settled)
    list(planner.units())
    (gone,) = to_rows(settled.withdrawn("r1"))
    assert (gone["spot_id"], gone["status"], gone["settled_by"]) == ("mug", "withdrawn", "r0")
    again = Settled.of([*rows, gone])
    list(Planner(read_campaign(path), [Loud(), Count()], again).units())
    assert again.withdrawn("r2").num_rows == 0


def test_items_on_one_line_are_still_told_apart(tmp_path: Path) -> None:
    """Would catch a minified feed whose duplicates share one ledger row, and stop the run."""
    item = (
        "<item><g:id>{}</g:id><title>Mug {}</title><g:price>9 USD</g:price>"
        "<g:image_link>https://shop.example.com/mug.jpg</g:image_link></item>"
    )
    items = "".join(item.format(*pair) for pair in [("a", 1), ("b", 2), ("a", 3), ("", 4), ("", 5)])
    feed = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>' + items + "</channel></rss>"
    path = write_campaign(tmp_path, feed=feed)
    (unit,) = plan(path)
    names = [row["spot_id"] for row in (*unit.pending, *unit.decided)]
    assert len(names) == len(set(names)) == 5
    assert [row["reason_code"] for row in unit.decided].count("duplicate_id") == 1


def test_another_music_bed_at_the_same_place_is_a_change(tmp_path: Path) -> None:
    """Would catch a campaign whose new music nobody ever hears."""
    path = write_campaign(tmp_path, sound="{music: bed.ogg}")
    (tmp_path / "bed.ogg").write_bytes(b"calm")
    (first,) = plan(path)
    known = {row["spot_id"]: {**row, "status": "rejected"} for row in first.pending}
    assert not plan(path, known)[0].pending
    (tmp_path / "bed.ogg").write_bytes(b"jazz")
    assert len(plan(path, known)[0].pending) == len(first.pending)


def test_a_product_may_bring_a_control_track(tmp_path: Path) -> None:
    """Would catch a sketch that is changed and makes no new spot, and one that is missing and
    costs the whole campaign."""
    feed = "id\ttitle\timage_link\tprice\tcontrol_link\nmug\tMug\tmug.jpg\t9 USD\tmug-pose.png\n"
    path = write_campaign(tmp_path, feed=feed)
    assert plan(path)[0].decided[0]["reason_code"] == "image_missing"
    assert "control_link 'mug-pose.png': no such file" in plan(path)[0].decided[0]["reason"]
    sketch = tmp_path / "products" / "mug-pose.png"
    sketch.write_bytes(b"a line")
    (first,) = plan(path)
    assert first.pending[0]["control"]["uri"] == str(sketch)
    known = {row["spot_id"]: {**row, "status": "rejected"} for row in first.pending}
    assert not plan(path, known)[0].pending
    sketch.write_bytes(b"two lines")
    assert len(plan(path, known)[0].pending) == 1


def test_what_a_stage_foresees_is_settled_when_it_is_planned(tmp_path: Path) -> None:
    """Would catch a script of a minute that is spoken before it is refused, and a refusal that
    stays when the recipe could do it."""
    long = " ".join(["splendid"] * 60)
    path = write_campaign(tmp_path, script=f"{long} {{title}}")
    (tmp_path / "scripts.tsv").write_text("id\tscript\n")
    planner = Planner(read_campaign(path), [Speech(), Count()])
    (unit,) = planner.units()
    found = {row["spot_id"]: row for row in unit.refused}
    assert found["mug"]["reason_code"] == "script_too_long" and unit.to_render == 0
    assert "has 61 words" in found["mug"]["reason"] and "cut about 3" in found["mug"]["reason"]
    german = Planner(read_campaign(path).model_copy(update={"language": "de-DE"}), [Speech()])
    (unit,) = german.units()
    assert {row["reason_code"] for row in unit.refused} >= {"language_unsupported"}
    settled = Settled.of([{**row, "run_id": "r0"} for row in found.values()])
    (again,) = Planner(read_campaign(path), [Loud()], settled).units()
    assert "mug" in {row["spot_id"] for row in again.pending}


def test_a_late_clock_still_gives_the_newest_run_id() -> None:
    """Would catch a run that nobody can join because an older one sorts behind it."""
    newest = "20260930T235959999Z-ffff"
    later = new_run_id(datetime(2026, 9, 1, tzinfo=UTC), after=newest)
    assert later > newest and later.startswith("20261001T000000000Z-")
    assert new_run_id(datetime(2026, 10, 2, tzinfo=UTC), after=newest).startswith("20261002")


def test_a_product_that_comes_back_is_as_it_was(tmp_path: Path) -> None:
    """Would catch a spot on air of which the ledger says that its product is gone."""
    path = write_campaign(tmp_path)
    (first,) = plan(path, only=["mug"])
    row = {**first.pending[0], "status": "withdrawn", "reason_code": "not_in_feed",
           "reason": "gone", "stage": "plan", "outputs": []}  # fmt: skip
    (again,) = plan(path, {"mug": row}, only=["mug"])
    (back,) = [one for one in again.decided if one["spot_id"] == "mug"]
    assert (back["status"], back["reason_code"], back["reason"]) == ("unchanged", None, None)


def test_a_price_that_is_written_otherwise_is_no_change(tmp_path: Path) -> None:
    """Would catch a feed tool that drops two zeros and costs a night of planning: 28 is 28.00."""
    path = write_campaign(tmp_path)
    (first,) = plan(path)
    known = {row["spot_id"]: {**row, "status": "rejected"} for row in first.pending}
    (tmp_path / "feed.tsv").write_text(FEED.replace("24.00 USD", "24 USD"))
    (again,) = plan(path, known)
    assert [row["spot_id"] for row in again.pending] == []


def test_a_store_that_is_away_costs_no_product_its_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a catalogue that is rejected for missing pictures because a store restarted."""
    path = write_campaign(tmp_path)

    read = storage.read_bytes

    def away(uri: str) -> bytes:
        if uri.endswith(".jpg"):
            raise ConnectionResetError(f"{uri}: connection reset by peer")
        return read(uri)

    monkeypatch.setattr("pipeline.storage.read_bytes", away)
    with pytest.raises(ConnectionResetError):
        plan(path)


@pytest.mark.parametrize(
    ("cells", "rating", "count"),
    [
        ("4.8\t1,204", 4.8, 1204), ("4,8/5\t12", 4.8, 12), ("\t", None, None),
        ("excellent\tmany", None, None), ("48\t7", None, None),
    ],
)  # fmt: skip
def test_ratings_of_the_feed_reach_the_spot(
    tmp_path: Path, cells: str, rating: float | None, count: int | None
) -> None:
    """Would catch a rating that is lost on its way, or a number that is none taken for one."""
    feed = "id\ttitle\timage_link\tprice\tproduct rating\trating_count\n"
    feed += f"mug\tMug\thttps://shop.example.com/mug.jpg\t28.00 USD\t{cells}\n"
    (row,) = plan(write_campaign(tmp_path, feed=feed))[0].pending
    assert (row["rating"], row["rating_count"]) == (rating, count)
