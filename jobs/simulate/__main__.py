"""The commands of `python -m jobs.simulate`: `predict` and `check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cluster.profile import load_profile
from jobs.refusals import for_people
from jobs.simulate.check import check_output
from jobs.simulate.fleet import Fleet, Prediction, predict
from jobs.simulate.measured import measured_rows
from jobs.simulate.plot import plot_saturation
from jobs.simulate.unit import Site
from pipeline import storage
from pipeline.campaign_file import read_campaign
from pipeline.recipes import load_recipe
from schemas.config_error import ConfigError, Refusal

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

SWEEP = (8, 16, 32, 64, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)
"""GPUs in the plot."""


@app.callback()
def simulate() -> None:
    """Simulates; rents nothing, renders nothing."""


@app.command(name="predict")
def predict_command(
    campaign: Annotated[
        str, typer.Argument(metavar="CAMPAIGN", help="Campaign file (YAML): its recipe's stages.")
    ],
    out: Annotated[
        str | None,
        typer.Option(metavar="URI", help="An output whose receipts say what stages cost."),
    ] = None,
    recipe: Annotated[str, typer.Option(help="laptop, gpu, or a FILE.py of your own.")] = "laptop",
    profile: Annotated[str, typer.Option(metavar="NAME", help="Hardware and prices.")] = "h100",
    spots: Annotated[int, typer.Option(metavar="N", min=1)] = 10_000_000,
    gpus: Annotated[int, typer.Option(metavar="N", min=1)] = 1000,
    nodes_per_driver: Annotated[
        int, typer.Option(metavar="N", min=1, help="Machines of each submitted job.")
    ] = Fleet.nodes_per_driver,
    preemptions: Annotated[
        float, typer.Option(metavar="X", min=0, help="Per node and hour (spot market).")
    ] = Fleet.preemptions_per_hour,
    store_ms: Annotated[
        float, typer.Option(metavar="MS", min=0, help="What the store adds to each stage.")
    ] = 60.0,
    stage: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SECONDS", help="Instead of what was measured. Repeatable."),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="As in jobs.render.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Where it saturates, as a picture.")
    ] = None,
) -> None:
    """Hours and dollars of a campaign on a fleet, and what would hold it up."""
    with for_people():
        settings = read_campaign(campaign, set_ or [])
        hardware = load_profile(profile)
        stages = hardware.apply(load_recipe(recipe, settings))
        costs = measured_rows(storage.absolute(out)) if out else {}
        guessed = [one.name for one in stages if one.name not in costs]
        costs |= _given(stage or [], [one.name for one in stages])
        fleet = Fleet(
            gpus=gpus, nodes_per_driver=nodes_per_driver, preemptions_per_hour=preemptions,
            cpu_hour_usd=hardware.cpu_hour_usd, gpu_hour_usd=hardware.gpu_hour_usd,
        )  # fmt: skip
        site = Site(cores=1, store_s=store_ms / 1000)
        found = predict(stages, costs, fleet, site, spots)
        _print(found, fleet)
        if guessed:
            typer.echo(f"not measured in an output, so guesses: {', '.join(guessed)}")
        if plot is not None:
            plot_saturation(stages, costs, fleet, site, spots, SWEEP, plot)
            typer.echo(f"{plot}")


def _given(texts: list[str], names: list[str]) -> dict[str, list[tuple[float, float]]]:
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if name not in names or seconds <= 0:
            fix = f"write NAME=SECONDS with a stage of the recipe: {', '.join(names)}"
            raise ConfigError("--stage", [Refusal("stage", text, fix)])
        found[name] = [(seconds, seconds)]
    return found


def _print(found: Prediction, fleet: Fleet) -> None:
    table = Table(show_header=False)
    for name, value in (
        ("spots", f"{found.spots:,}"),
        ("fleet", f"{fleet.gpus:,} GPUs, {fleet.nodes:,} nodes, {fleet.drivers:,} drivers"),
        ("hours", f"{found.hours:,.1f} (planning {found.plan_hours:.1f})"),
        ("USD", f"{found.usd:,.0f}, {found.usd_per_spot:.4f} per spot"),
        ("pace", f"{found.spots_per_hour:,.0f} spots an hour"),
        ("a unit", f"{found.unit_minutes:.1f} min on one driver's nodes"),
        ("busiest", f"{found.busiest}, {found.busy:.0%} of the time"),
        ("nodes taken away", f"{found.preempted:,}"),
        ("store", f"{found.store_share:.1%} of the requests that it takes"),
    ):
        table.add_row(name, value)
    Console().print(table)


@app.command()
def check(
    outputs: Annotated[
        list[str], typer.Argument(metavar="OUT...", help="Outputs that were rendered on Ray.")
    ],
) -> None:
    """Simulate units that were really rendered, and say how far off the model is."""
    table = Table("run", "unit", "spots", "cores", "real s", "simulated s", "error")
    errors = []
    for output in outputs:
        for one in check_output(storage.absolute(output)):
            errors.append(abs(one.error))
            table.add_row(
                one.run_id, str(one.unit), str(one.spots), f"{one.cores:g}", f"{one.real_s:.1f}",
                f"{one.simulated_s:.1f}", f"{one.error:+.1%}",
            )  # fmt: skip
    Console().print(table)
    if not errors:
        typer.echo("no unit of these outputs was rendered on Ray; render one without --local")
        raise typer.Exit(2)
    typer.echo(f"mean error {sum(errors) / len(errors):.1%}, largest {max(errors):.1%}")


if __name__ == "__main__":
    app()
