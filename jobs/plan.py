"""Say what a run would do and cost, and do nothing: `python -m jobs.plan CAMPAIGN --out URI`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cluster.profile import Profile, load_profile
from jobs.refusals import for_people
from pipeline import storage
from pipeline.assets import AssetDigests
from pipeline.campaign_file import read_campaign
from pipeline.forecast import Forecast, forecast
from pipeline.plan import Planner
from pipeline.recipes import load_recipe
from pipeline.recipes.shown import faces_notice
from pipeline.settled import Settled
from pipeline.stage_costs import measured_costs
from pipeline.web.files import WebFiles
from schemas.campaign import Campaign
from stages.base import Stage


def plan(
    campaign: Annotated[
        str, typer.Argument(metavar="CAMPAIGN", help="Campaign file (YAML), a path or fsspec URL.")
    ],
    out: Annotated[str, typer.Option(metavar="URI", help="The campaign's output.")],
    recipe: Annotated[str, typer.Option(help="laptop, gpu, or a FILE.py of your own.")] = "laptop",
    limit: Annotated[int | None, typer.Option(help="Only the first N spots.", min=1)] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this product or spot id. May be repeated."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in jobs.render."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Count spots that failed as work to do.")
    ] = False,
    profile: Annotated[
        str,
        typer.Option(metavar="NAME", help="Hardware and its prices: laptop, h100, or a FILE.yaml."),
    ] = "laptop",
) -> None:
    """Print, per stage, how many spots are new, changed and unchanged, and what that costs.

    Reads feed, scripts and folders; writes nothing and asks nothing of the web: pictures there are
    taken to be as they were, and those that were never fetched to be new. Exit status: 2 when the
    configuration was refused.
    """
    with for_people():
        settings = read_campaign(campaign, set_ or [])
        hardware, output = load_profile(profile), storage.absolute(out)
        stages = hardware.apply(load_recipe(recipe, settings))
        done = foretell(
            settings, stages, output, only=only or [], limit=limit, retry_failed=retry_failed
        )
    print_forecast(done, hardware)
    for line in faces_notice(settings):
        typer.echo(line)


def foretell(
    campaign: Campaign, stages: Sequence[Stage], output: str, *, only: Sequence[str],
    limit: int | None, retry_failed: bool,
) -> Forecast:  # fmt: skip
    """What a run would do, from what lies in the output. Raises what a run would refuse."""
    web = WebFiles(campaign.links, output, fetches=False)
    planner = Planner(
        campaign, stages, Settled.load(output), assets=AssetDigests(output, web), only=only,
        limit=limit, retry_failed=retry_failed,
    )  # fmt: skip
    planner.check()
    return forecast(planner, output, measured_costs(output))


def print_forecast(done: Forecast, hardware: Profile) -> None:
    """The table, for people."""
    table = Table(title="what a run would do")
    table.add_column("stage", no_wrap=True)
    for name in ("new", "changed", "unchanged", "s per spot", "to do", "saved"):
        table.add_column(name, justify="right")
    money = bool(hardware.cpu_hour_usd or hardware.gpu_hour_usd)
    if money:
        table.add_column("USD", justify="right")
    spent = 0.0
    for one in done.stages:
        guess = "" if one.cost.spots else "~"
        usd = one.gpu_seconds * hardware.gpu_hour_usd + one.cpu_seconds * hardware.cpu_hour_usd
        usd /= 3600
        spent += usd
        table.add_row(
            one.stage, f"{one.new:,}", f"{one.changed:,}", f"{one.unchanged:,}",
            f"{guess}{one.cost.seconds:.2f}", _time(one.seconds), _time(one.saved_seconds),
            *([f"{usd:,.2f}"] if money else []),
        )  # fmt: skip
    console = Console()
    console.print(table)
    if any(not one.cost.spots for one in done.stages):
        console.print("~ a guess: nothing was measured in this output yet")
    gpu = sum(one.gpu_seconds for one in done.stages)
    console.print(
        f"{done.new:,} spots new, {done.changed:,} changed, {done.unchanged:,} need nothing,"
        f" {done.refused:,} refused, {done.withdrawn:,} withdrawn"
    )
    console.print(
        f"to do: {_time(sum(one.seconds for one in done.stages))} of work, {_time(gpu)} of GPUs;"
        f" saved: {_time(sum(one.saved_seconds for one in done.stages))}"
        + (f"; {spent:,.2f} USD" if money else "")
    )
    if done.reasons:
        why = ", ".join(f"{name} {count:,}" for name, count in done.reasons.items())
        console.print(f"changed: {why}")


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:,.1f} h"


def main() -> None:
    """Entry point of `python -m jobs.plan`."""
    typer.run(plan)


if __name__ == "__main__":
    main()
