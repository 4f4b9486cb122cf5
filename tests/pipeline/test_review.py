"""Review: a finished spot waits for a person, unsigned; a decision needs no second rendering."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobs.review import app
from pipeline import ledger, reviews, storage
from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun
from pipeline.local_runner import LocalRunner
from pipeline.recipes import load_recipe
from pipeline.report import summarise, write_report
from pipeline.reviewed import command_of, newest, waiting
from pipeline.rows import RecipeError, check_recipe, to_rows
from stages.base import Stage
from stages.publish import Publish
from tests.pipeline.reviewed_recipe import Film, Seal
from tests.pipeline.test_plan import write_campaign

RECIPE = str(Path(__file__).with_name("reviewed_recipe.py"))
FEED = """id\ttitle\timage_link\tprice\tavailability
mug\tMug\thttps://shop.example.com/mug.jpg\t28.00 USD\tin_stock
glass\tGlass\thttps://shop.example.com/mug.jpg\t9.00 USD\tin_stock
"""


class Shop:
    """A campaign of a mug, and of a glass for wine."""

    def __init__(self, folder: Path, output: str, review: str) -> None:
        self.path = write_campaign(folder, feed=FEED, policy=f"{{review: {review}}}")
        self.folder, self.output, self.log = folder, output, folder / "log"
        self.say("glass", "A glass for wine.")

    def say(self, product_id: str, script: str) -> None:
        """Another script."""
        text = f"id\tscript\tcta\nmug\tA mug for you.\tBuy\n{product_id}\t{script}\tBuy\n"
        (self.folder / "scripts.tsv").write_text(text)

    def render(self, **more: Any) -> dict[str, dict[str, Any]]:
        """A run; its rows by spot id."""
        campaign = read_campaign(self.path)
        stages = load_recipe(RECIPE, campaign)
        done = CampaignRun(
            campaign, stages, self.output, lambda _: LocalRunner(stages, self.output),
            say=lambda _: None, command=command_of(self.path, RECIPE, []), **more,
        ).run()  # fmt: skip
        rows = to_rows(ledger.read_ledger(done.output, done.run_id, whole=True))
        return {row["spot_id"]: row for row in rows}

    def renderings(self) -> int:
        """How often a film was made."""
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    def public(self) -> list[str]:
        """Names of the products in `spots/`."""
        files = storage.list_files(storage.join(self.output, "spots"), ".mp4")
        return [uri.split("/")[-2] for uri in files]

    def decide(self, word: str, *more: str) -> Any:
        """The command."""
        told = ["--by", "Jo Lind", "--why", "seen, and fine"]
        return CliRunner().invoke(app, [word, self.output, "glass", *told, *more])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The campaign, with a local output; finished spots wait."""
    monkeypatch.setenv("SPOTMILL_TEST_LOG", str(tmp_path / "shop" / "log"))
    return Shop(tmp_path / "shop", str(tmp_path / "out"), "after_render")


def cached(row: dict[str, Any]) -> dict[str, bool]:
    """Stages of a row, and whether the store had them."""
    return {run["stage"]: run["cached"] for run in row["stages"]}


@pytest.mark.parametrize("where", ["local", "s3"])
def test_a_finished_spot_waits_and_is_published_without_being_rendered_again(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Would catch a held spot that ships, that is rendered night after night, or once more when it
    is approved."""
    output = str(tmp_path / "out")
    if where == "s3":
        output = f"{request.getfixturevalue('s3_bucket')}/{tmp_path.name}"
    monkeypatch.setenv("SPOTMILL_TEST_LOG", str(tmp_path / "shop" / "log"))
    shop = Shop(tmp_path / "shop", output, "after_render")
    rows = shop.render()
    assert {name: row["status"] for name, row in rows.items()} == {
        "mug": "published",
        "glass": "held",
    }
    held = rows["glass"]
    assert (held["stage"], held["reason_code"]) == ("release", "review_alcohol")
    assert held["preview_uri"] and held["outputs"] in (None, []) and shop.public() == ["mug"]

    again = shop.render()
    assert again["glass"]["status"] == "held" and shop.renderings() == 2
    (one,) = waiting(output)
    assert one["spot_id"] == "glass" and one["covers"] == held["review"] and not one["decision"]
    assert storage.read_bytes(one["preview"]) == b"mp4 A glass for wine. 9.000"

    done = shop.decide("approve")
    assert done.exit_code == 0, done.output
    assert "published" in done.output and sorted(shop.public()) == ["glass", "mug"]
    row = newest(output, ["glass"])["glass"]
    assert row["status"] == "published" and shop.renderings() == 2
    assert cached(row) == {
        "screen": True, "composite": True, "release": False, "sign": False, "publish": False,
    }  # fmt: skip
    (approval,) = [one for one in row["verdicts"] if one["gate"] == "review"]
    assert approval["verdict"] == "pass" and "Jo Lind" in approval["evidence"]
    assert "alcohol" in approval["evidence"] and "seen, and fine" in approval["evidence"]
    assert shop.render()["glass"]["status"] == "unchanged" and not list(waiting(output))


def test_a_decision_is_of_what_was_seen(shop: Shop) -> None:
    """Would catch an approval that holds for another price, or another script, than was seen."""
    shop.render()
    assert shop.decide("approve").exit_code == 0
    feed = shop.folder / "feed.tsv"
    feed.write_text(feed.read_text().replace("9.00 USD", "8.00 USD"))
    assert shop.render()["glass"]["status"] == "held"
    (one,) = waiting(shop.output)
    assert one["decision"] is None

    feed.write_text(feed.read_text().replace("8.00 USD", "9.00 USD"))
    assert shop.render()["glass"]["status"] == "published", "the very spot that was approved"
    shop.say("glass", "A glass for red wine.")
    assert shop.render()["glass"]["status"] == "held"


def test_a_rejection_is_final_until_the_input_changes(shop: Shop) -> None:
    """Would catch a rejected spot that asks again, and one that can never come back."""
    shop.render()
    done = shop.decide("reject")
    assert done.exit_code == 0 and "rejected" in done.output
    row = newest(shop.output, ["glass"])["glass"]
    assert (row["status"], row["reason_code"]) == ("rejected", "rejected_in_review")
    assert "Jo Lind" in row["reason"]
    assert [v["rule"] for v in row["verdicts"] if v["verdict"] == "block"] == ["rejected"]
    assert shop.render()["glass"]["status"] == "rejected" and shop.public() == ["mug"]

    changed = shop.decide("approve")
    assert changed.exit_code == 2 and "can't be approved" in changed.output
    shop.say("glass", "A glass for water.")
    assert shop.render()["glass"]["status"] == "published"


def test_the_next_run_carries_out_what_was_only_recorded(shop: Shop) -> None:
    """Would catch a decision that is forgotten where a reviewer has no key to sign with."""
    shop.render()
    assert shop.decide("approve", "--later").exit_code == 0 and shop.public() == ["mug"]
    (one,) = waiting(shop.output)
    assert one["decision"]["approved"]
    row = shop.render()["glass"]
    assert row["status"] == "published" and cached(row)["composite"] and shop.renderings() == 2


def test_approved_after_the_campaign_has_changed_is_not_rendered_by_the_reviewer(
    shop: Shop,
) -> None:
    """Would catch a command that promises to render nothing, and renders for a changed price."""
    shop.render()
    feed = shop.folder / "feed.tsv"
    feed.write_text(feed.read_text().replace("9.00 USD", "8.00 USD"))
    done = shop.decide("approve")
    assert "not as they were" in done.output and shop.renderings() == 2
    assert shop.public() == ["mug"]


def test_of_two_reviewers_the_first_one_decides(shop: Shop) -> None:
    """Would catch a spot that one has rejected and that ships on another's word."""
    shop.render()
    row, won = newest(shop.output, ["glass"])["glass"], list[tuple[bool, str]]()
    together = threading.Barrier(4)

    def decide(number: int) -> None:
        together.wait()
        yes = number % 2 == 0
        mine = reviews.decide(shop.output, row, approved=yes, by=f"Nr {number}", why="as seen")
        won.append((mine[1], mine[0].by))

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(first for first, _ in won) == [False, False, False, True]
    assert len({by for _, by in won}) == 1, "all are told who decided"


def test_the_second_reviewer_is_told_who_was_first(shop: Shop) -> None:
    """Would catch an exit status of 0 for a decision that does not count."""
    shop.render()
    assert shop.decide("reject", "--later").exit_code == 0
    late = shop.decide("approve", "--later")
    assert late.exit_code == 3 and "another was first: rejected by Jo Lind" in late.output


@pytest.mark.parametrize(
    ("spot", "told", "said"),
    [
        ("mug", ["--by", "Jo", "--why", "fine"], "mug is published"),
        ("cup", ["--by", "Jo", "--why", "fine"], "the ledger has no such spot"),
        ("glass", ["--by", " ", "--why", "fine"], "--by"),
        ("glass", ["--by", "Jo", "--why", ""], "--why"),
    ],
)
def test_there_must_be_something_to_decide_and_a_name_and_a_reason(
    shop: Shop, spot: str, told: list[str], said: str
) -> None:
    """Would catch decisions by nobody, for no reason, and on spots that nobody asked about."""
    shop.render()
    done = CliRunner().invoke(app, ["approve", shop.output, spot, *told])
    assert done.exit_code == 2 and said in done.output
    assert not reviews.decided(shop.output)


def test_before_render_nothing_is_spent_until_somebody_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a campaign that renders what it asked to see before, or asks twice."""
    monkeypatch.setenv("SPOTMILL_TEST_LOG", str(tmp_path / "shop" / "log"))
    shop = Shop(tmp_path / "shop", str(tmp_path / "out"), "before_render")
    rows = shop.render()
    assert (rows["glass"]["status"], rows["glass"]["stage"]) == ("held", "admit")
    assert shop.renderings() == 1
    done = shop.decide("approve")
    assert done.exit_code == 0 and "not rendered yet" in done.output and shop.renderings() == 1
    row = shop.render()["glass"]
    assert row["status"] == "published" and shop.renderings() == 2
    assert cached(row)["composite"] is False


def test_the_list_is_data_for_programs(shop: Shop) -> None:
    """Would catch a list that a person can read and a program can't."""
    shop.render()
    told = json.loads(CliRunner().invoke(app, ["list", shop.output, "--json"]).output)
    assert [(one["spot_id"], one["findings"][0]["rule"]) for one in told] == [("glass", "alcohol")]
    assert "1 spot held" in CliRunner().invoke(app, ["list", shop.output]).output


def test_a_recipe_that_publishes_unseen_is_refused() -> None:
    """Would catch a team's own recipe that puts out what a person should have seen."""
    stages: list[Stage] = [Film(), Seal(), Publish()]
    with pytest.raises(RecipeError, match="publishes without release"):
        check_recipe(stages)


def test_the_report_shows_who_decided_beside_all_other_spots(shop: Shop) -> None:
    """Would catch a page that shows one spot after the first approval, or hides who gave it."""
    rows = shop.render()
    write_report(shop.output, "Test", list(rows.values()), summarise(rows.values(), campaign="T"))
    page = Path(shop.output) / "report" / "index.html"
    assert "Decided in review" not in page.read_text()
    assert shop.decide("approve").exit_code == 0
    text = page.read_text()
    assert "Decided in review" in text and "approved by Jo Lind" in text
    assert 'id="spot-mug"' in text and 'id="spot-glass"' in text
