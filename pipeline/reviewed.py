"""Reviewed: held spots as a reviewer sees them, and what was approved signed and published."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import ledger, reviews, storage
from pipeline.assets import AssetDigests
from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun
from pipeline.evidence import fields_of
from pipeline.finish import MOST_WHOLE
from pipeline.local_runner import LocalRunner
from pipeline.plan import Planner
from pipeline.planned_run import read_plan
from pipeline.recipes import SHIPPED, load_recipe
from pipeline.report import RunSummary, write_report
from pipeline.report.report import summary_uri
from pipeline.rows import to_rows
from pipeline.settled import Settled
from pipeline.web.files import WebFiles
from schemas.campaign import Campaign
from schemas.result import STATUSES
from stages.base import Stage


def command_of(campaign: str, recipe: str, overrides: Sequence[str]) -> dict[str, Any]:
    """What a run writes down of its command. Of overrides the keys alone: values may be secret."""
    own = recipe if recipe in SHIPPED else os.path.abspath(recipe)
    keys = sorted(one.partition("=")[0].strip() for one in overrides)
    return {"campaign": storage.absolute(campaign), "recipe": own, "set": keys}


def newest(output: str, spot_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The newest ledger row of each of these spots, with its verdicts; what is not there is left
    out. Without ids those of all held spots."""
    table = Settled.load(output).table
    if spot_ids:
        wanted = pc.is_in(table["spot_id"], pa.array(list(spot_ids)))
    else:
        wanted = pc.equal(table["status"], "held")
    by_run: dict[str, dict[str, dict[str, Any]]] = {}
    for row in table.filter(wanted).to_pylist():
        by_run.setdefault(row["settled_by"], {})[row["spot_id"]] = row
    found: dict[str, dict[str, Any]] = {}
    for run_id, stands in by_run.items():
        ids = pa.array(list(stands))
        there = ledger.read_ledger(output, run_id)
        for row in to_rows(there.filter(pc.is_in(there["spot_id"], ids))):
            lean = stands[row["spot_id"]]  # a withdrawn spot is no longer what its row says
            found[row["spot_id"]] = {**row, "status": lean["status"]}
    return dict(sorted(found.items()))


def waiting(output: str) -> Iterator[dict[str, Any]]:
    """Each held spot as data: what a reviewer needs to know, and what was decided already."""
    for spot_id, row in newest(output, []).items():
        asked = [one for one in row["verdicts"] or () if one["verdict"] == "review"]
        covers = row["review"]
        decision = reviews.decision(output, spot_id, covers) if covers else None
        preview = row["preview_uri"]
        yield {
            "spot_id": spot_id,
            "title": row["title"],
            "held_by": row["stage"],
            "since_run": row["run_id"],
            "reason": row["reason"],
            "findings": [fields_of(one) for one in asked],
            "preview": _place(output, preview) if preview else None,
            "contact_sheet": _place(output, row["contact_sheet_uri"])
            if row["contact_sheet_uri"]
            else None,
            "covers": covers,
            "decision": None
            if decision is None
            else {"approved": decision.approved, "by": decision.by, "why": decision.why,
                  "at": decision.at},
        }  # fmt: skip


def settle_decided(
    output: str, rows: Mapping[str, Mapping[str, Any]], campaign: Campaign, stages: list[Stage],
    command: Mapping[str, Any], say: Callable[[str], None],
) -> list[dict[str, Any]]:  # fmt: skip
    """Carry decisions out: a run of these held spots alone; its ledger rows.

    All before `release` comes from the media store. A spot that would have to be made anew, because
    campaign, feed or recipe have changed since it was held, is left to the next run.
    """
    still = [spot_id for spot_id in rows if spot_id in _unchanged(output, rows, campaign, stages)]
    for spot_id in sorted(set(rows) - set(still)):
        say(f"{spot_id}: campaign, feed or recipe are not as they were when it was held;"
            " the next run decides by the record if it comes out the same")  # fmt: skip
    if not still:
        return []
    run = CampaignRun(
        campaign=campaign,
        stages=stages,
        output=output,
        make_runner=lambda _: LocalRunner(stages, output),
        say=lambda _: None,
        only=still,
        when_running=None,
        command={**command, "review": True},
    ).run()
    done = to_rows(ledger.read_ledger(output, run.run_id))
    _show_in_report(output)
    return done


def recipe_of(
    output: str, run_id: str, overrides: Sequence[str]
) -> tuple[Campaign, list[Stage], dict[str, Any]]:
    """Campaign, stages and command of a run. Raises `ConfigError`, and `reviews.NotReviewable`
    where the run has not written its command down, or was given overrides that are not given now.
    """
    command = read_plan(output, run_id).get("command") or {}
    if "campaign" not in command:
        raise reviews.NotReviewable(f"run {run_id} does not say which campaign file it was of")
    given = {one.partition("=")[0].strip() for one in overrides}
    if missing := sorted(set(command["set"]) - given):
        asked = " ".join(f"--set {key}=..." for key in missing)
        raise reviews.NotReviewable(f"run {run_id} was given {asked}; give the same here")
    campaign = read_campaign(command["campaign"], overrides)
    return campaign, load_recipe(command["recipe"], campaign), dict(command)


def _unchanged(
    output: str, rows: Mapping[str, Mapping[str, Any]], campaign: Campaign, stages: list[Stage]
) -> set[str]:
    """Those that would come out of a plan as they went into the run that held them."""
    web = WebFiles(campaign.links, output, fetches=False)
    planner = Planner(
        campaign, stages, Settled.load(output), assets=AssetDigests(output, web), only=list(rows)
    )
    planned = (row for unit in planner.units() for row in unit.pending)
    return {
        row["spot_id"]
        for row in planned
        if row["spot_id"] in rows and row["fingerprint"] == rows[row["spot_id"]]["fingerprint"]
    }


def _place(output: str, uri: str) -> str:
    name = uri.partition(":")[2]
    return storage.join(output, "media", "blobs", name[:2], name)


def _show_in_report(output: str) -> None:
    """The page of the last whole run, with what reviewers have decided since."""
    runs = ledger.runs(output)
    whole = [one for one in runs if not read_plan(output, one).get("command", {}).get("review")]
    if not whole or (saved := storage.read_bytes_or_none(summary_uri(output, whole[-1]))) is None:
        return
    summary = RunSummary.from_json(saved)
    counts = ledger.counts(output, whole[-1])
    few = sum(counts.values()) <= MOST_WHOLE
    without = () if few else ("unchanged", "withdrawn")
    shown = {
        row["spot_id"]: row
        for run_id in [whole[-1], *(one for one in runs if one > whole[-1])]
        for row in to_rows(ledger.read_ledger(output, run_id, whole=few, without=without))
    }
    told = dict.fromkeys(STATUSES, 0)
    for row in shown.values():
        told[row["status"]] += 1
    if not few:
        told |= {name: counts[name] for name in without}
    rows = list(shown.values())
    write_report(output, summary.campaign, rows, replace(summary, counts=told))
