"""Render a campaign: `python -m jobs.render CAMPAIGN --out URI`."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import closing
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from cluster.profile import load_profile
from jobs.plan import foretell, print_forecast
from jobs.refusals import for_people
from pipeline import storage
from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun, Runner
from pipeline.finish import finish
from pipeline.local_runner import LocalRunner
from pipeline.overlap import WhenRunning
from pipeline.recipes import load_recipe
from pipeline.recipes.shown import faces_notice
from pipeline.reviewed import command_of
from pipeline.run_log import RunLog
from pipeline.run_metrics import RunMetrics
from pipeline.stage_costs import Prices
from pipeline.tracking import LiveUnits
from stages.base import Stage


class LogForm(StrEnum):
    """For whom the log is."""

    LINES = "lines"
    JSON = "json"


def render(
    campaign: Annotated[
        str, typer.Argument(metavar="CAMPAIGN", help="Campaign file (YAML), a path or fsspec URL.")
    ],
    out: Annotated[str, typer.Option(help="Where everything goes: a folder or fsspec URL.")],
    recipe: Annotated[str, typer.Option(help="laptop, gpu, or a FILE.py of your own.")] = "laptop",
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="Hardware profile: laptop, h100, or a FILE.yaml.")
    ] = "laptop",
    local: Annotated[bool, typer.Option("--local", help="In this process, without Ray.")] = False,
    limit: Annotated[int | None, typer.Option(help="Only the first N spots.", min=1)] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this product or spot id. May be repeated."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do, as jobs.plan, and stop.")
    ] = False,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Try spots again that failed, though nothing changed."),
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a key of the campaign; the value is YAML, as in"
            " quality.attempts=3 or voice.speed=[0.95,1.1]. May be repeated.",
        ),
    ] = None,
    when_running: Annotated[
        WhenRunning,
        typer.Option(
            help="While another driver works on OUT: join it, skip this run, queue behind it, or"
            " take over from it."
        ),
    ] = WhenRunning.JOIN,
    log: Annotated[
        LogForm,
        typer.Option(help="lines for people, or json: events without secrets and scripts."),
    ] = LogForm.LINES,
) -> None:
    """Render every spot of a campaign that is new or changed; account for all of them.

    Exit status: 0 when every spot is in the ledger, whatever became of it; 2 when the
    configuration was refused before anything was spent; 1 when the object store does not
    answer; 3 when the next unit would exceed the campaign's `budget`; 4 when another driver
    took over; 130 when it was stopped (Ctrl-C, SIGTERM): run again, it continues.
    """
    with for_people():
        settings = read_campaign(campaign, set_ or [])
        stages = load_recipe(recipe, settings)
        hardware = load_profile(profile)
        stages = hardware.apply(stages)
        output = storage.absolute(out)
        for line in faces_notice(settings):
            typer.echo(line)
        if dry_run:
            done = foretell(
                settings, stages, output, only=only or [], limit=limit, retry_failed=retry_failed
            )
            print_forecast(done, hardware)
            return
        events = RunLog(settings.name) if log is LogForm.JSON else None
        screen = _Screen() if events is None else _Screen(events)
        prices = Prices(hardware.cpu_hour_usd, hardware.gpu_hour_usd, hardware.gpus(stages))
        live = LiveUnits(
            output,
            settings.name,
            tracking_uri=settings.tracking_uri,
            gates={name: (least, most) for name, least, most in settings.gates()},
            prices=prices,
        )
        metrics = RunMetrics(output, settings.name, stages, prices, settings.budget)

        def on_receipt(receipt: Mapping[str, Any]) -> None:
            metrics.unit()
            if events is not None:
                events.unit(receipt)

        def on_spot(result: Mapping[str, Any], runner: Runner) -> None:
            metrics.spot(result, runner)
            if events is not None:
                events.spot(result)

        run = CampaignRun(
            campaign=settings,
            stages=stages,
            output=output,
            make_runner=lambda seconds: _runner(stages, output, local, seconds),
            say=screen.say,
            show=screen.show,
            only=only or [],
            limit=limit,
            retry_failed=retry_failed,
            prices=prices,
            command=command_of(campaign, recipe, set_ or []),
            on_unit=live.add,
            on_receipt=on_receipt,
            on_plan=metrics.planned,
            on_spot=on_spot,
            when_running=when_running,
            tell_spots=events is None,
        )
        screen.say(f"{settings.name}: {len(stages)} stages, recipe {recipe}")
        with screen, closing(live), metrics:
            finished = run.run()
        if finished.closed_here:
            summary = finish(finished, recipe=recipe, say=screen.say if events is None else _nobody)
            if events is not None:
                events.event("run", run_id=finished.run_id, counts=summary.counts, usd=summary.usd)
        else:
            screen.say(f"run {finished.run_id} is over; the driver that closed it makes its report")


def _nobody(text: str) -> None:
    """The summary has reasons in it: machines find them in the ledger."""


class _Screen:
    """Lines that stay, and on a terminal below them one that says where the run stands."""

    def __init__(self, log: RunLog | None = None) -> None:
        self._console, self._log = Console(), log
        shows = self._console.is_terminal and log is None
        self._status = self._console.status("planning") if shows else None

    def __enter__(self) -> None:
        if self._status is not None:
            self._status.start()

    def __exit__(self, *what: object) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, text: str) -> None:
        """Print a line."""
        if self._log is not None:
            self._log.say(text)
        elif self._status is None:
            typer.echo(text)
        else:
            self._console.print(text, markup=False, highlight=False)

    def show(self, text: str) -> None:
        """Replace the last line."""
        if self._status is not None:
            self._status.update(text.replace("[", "("))


def _stop(number: int, frame: object) -> None:
    """A machine that is taken away says so with SIGTERM: leave as with Ctrl-C."""
    raise KeyboardInterrupt


def _runner(stages: list[Stage], output: str, local: bool, seconds: Mapping[str, float]) -> Runner:
    if local:
        return LocalRunner(stages, output)
    from cluster.connect import connect
    from cluster.pools import plan_pools
    from pipeline.ray_runner import RayRunner

    on_stop = signal.getsignal(signal.SIGTERM)
    machines = connect(os.environ.get("RAY_ADDRESS"))
    signal.signal(signal.SIGTERM, on_stop)  # Ray puts one of its own in its place
    pools = plan_pools(stages, machines, seconds)
    typer.echo(
        f"Ray: {machines}; workers "
        + ", ".join(f"{name} {pool.workers}" for name, pool in pools.items())
    )
    return RayRunner(stages, output, pools, cores=machines.cpus)


def main() -> None:
    """Entry point of `python -m jobs.render`."""
    signal.signal(signal.SIGTERM, _stop)
    typer.run(render)


if __name__ == "__main__":
    main()
