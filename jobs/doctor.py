"""Check a machine and a campaign before a run: `python -m jobs.doctor [CAMPAIGN] [--out URI]`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cluster.connect import connect
from cluster.doctor import examine, examine_pools
from cluster.machines import this_machine
from cluster.profile import load_profile
from pipeline import storage
from pipeline.campaign_file import read_campaign
from pipeline.examination import examine_recipe, examine_services, examine_store
from schemas.config_error import ConfigError
from schemas.examined import Examined

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    campaign: Annotated[
        str | None,
        typer.Argument(metavar="[CAMPAIGN]", help="Look at all that this one needs, too."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="URI", help="Also look at the store of this output, and at its disk."),
    ] = None,
    recipe: Annotated[str, typer.Option(help="laptop, gpu, or a FILE.py of your own.")] = "laptop",
    profile: Annotated[
        str,
        typer.Option(metavar="NAME", help="Hardware: laptop, h100, or a FILE.yaml of your own."),
    ] = "laptop",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in jobs.render."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say what is ready for a run, what is not, and what to do; change nothing.

    Of the machine: Python, Ray and its token, ffmpeg with the filters and encoders that spots
    need, the packages with models, memory (6 GiB) and free disk (5 GiB). With CAMPAIGN: its files
    and weights by their digests, the signer by a signature on trial and its certificate's end,
    time-stamp authorities by a stamp, MLflow, and whether the recipe's pools fit the machines (of
    the cluster at RAY_ADDRESS, where that is set). With --out: whether the store can be written,
    whether of two writers the first wins, and how far its clock is off.

    Exit status: 0 when nothing fails, 1 otherwise.
    """
    found = list(_all(campaign, out, recipe, profile, set_ or []))
    failed = sum(one.state == "fail" for one in found)
    if as_json:
        typer.echo(json.dumps([one.as_row() for one in found], indent=2))
        raise typer.Exit(1 if failed else 0)
    table = Table("", "what", "found", "what to do")
    for one in found:
        mark = f"[{_COLOURS[one.state]}]{one.state}[/]"
        table.add_row(mark, escape(one.check), escape(one.found), escape(one.fix))
    Console().print(table)
    warned = sum(one.state == "warn" for one in found)
    typer.echo(f"{len(found)} checks: {failed} failed, {warned} to think about")
    raise typer.Exit(1 if failed else 0)


def _all(
    campaign: str | None, out: str | None, recipe: str, profile: str, told: list[str]
) -> Iterator[Examined]:
    output = storage.absolute(out) if out else None
    folder = storage.split(output)[1] if output and storage.is_local(output) else None
    yield from examine(folder if folder and os.path.isdir(folder) else None)
    if output:
        yield from examine_store(output)
    if campaign is None:
        return
    try:
        settings, hardware = read_campaign(campaign, told), load_profile(profile)
    except ConfigError as error:
        yield from (Examined(one.key, "fail", str(one.value), one.fix) for one in error.refusals)
        return
    stages, examined = examine_recipe(settings, recipe)
    yield from examined
    yield from examine_services(settings)
    if stages:
        address = os.environ.get("RAY_ADDRESS")
        machines = connect(address) if address else this_machine()
        yield examine_pools(hardware.apply(stages), machines)


if __name__ == "__main__":
    typer.run(doctor)
