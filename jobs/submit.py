"""Submit a campaign to a Ray cluster, once a day: `python -m jobs.submit CAMPAIGN --out URI`."""

from __future__ import annotations

import asyncio
import shlex
from datetime import datetime
from typing import Annotated, Any

import typer

from cluster.connect import ROOT
from cluster.submit import metadata, submission_id, submit_once
from jobs.refusals import UNREACHABLE, for_people
from pipeline.campaign_file import read_campaign
from pipeline.overlap import WhenRunning

FAILED = 5


def submit(
    context: typer.Context,
    campaign: Annotated[
        str, typer.Argument(metavar="CAMPAIGN", help="Campaign file (YAML), a path or fsspec URL.")
    ],
    out: Annotated[str, typer.Option(help="Where everything goes: a folder or fsspec URL.")],
    address: Annotated[
        str, typer.Option(help="Ray's dashboard.", envvar="RAY_API_SERVER_ADDRESS")
    ] = "http://127.0.0.1:8265",
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Today, if left out.")
    ] = None,
    when_running: Annotated[
        WhenRunning,
        typer.Option(help="As of jobs.render, for the case that an earlier run goes on."),
    ] = WhenRunning.SKIP,
    driver_on: Annotated[
        str | None,
        typer.Option(
            metavar="RESOURCE",
            help="Ray resource of the machines that may carry the driver; of cluster/kubernetes:"
            " spotmill_driver.",
        ),
    ] = None,
    upload: Annotated[
        bool, typer.Option(help="Send this checkout along; images have it already.")
    ] = True,
    wait: Annotated[bool, typer.Option("--wait", help="Show its log, end as it ends.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would submit, and stop.")
    ] = False,
) -> None:
    """Start `jobs.render` on a cluster as the job {campaign}-{date}, unless that is there.

    A schedule may call this every hour of the night: a night that is running or done is left
    alone, one that failed or was stopped is started again (twice at most), one that was missed is
    made up for. What stands behind `--` goes to jobs.render: -- --recipe gpu --profile h100.

    Exit status: 0 when the job is there; with --wait 5 when it failed; 1 when the cluster does not
    answer (a schedule tries again); 2 when the campaign was refused.
    """
    with for_people():
        name = read_campaign(campaign, []).name
    on = (day or datetime.now()).date()
    command = ["python", "-m", "jobs.render", campaign, "--out", out]
    command += ["--when-running", when_running.value, "--log", "json", *context.args]
    entrypoint, job = shlex.join(command), submission_id(name, on)
    if dry_run:
        typer.echo(f"{job}: {entrypoint}")
        return
    more: dict[str, Any] = {"metadata": dict(metadata(name, on))}
    if upload:
        more["runtime_env"] = {"working_dir": str(ROOT)}
    if driver_on:
        more["entrypoint_resources"] = {driver_on: 1.0}
    jobs = _client(address)
    done = submit_once(jobs, job, entrypoint, **more)
    was = "submitted" if done.fresh else f"there already, {done.status}"
    typer.echo(f"{done.submission_id}: {was}")
    if wait:
        raise typer.Exit(_follow(jobs, done.submission_id))


def _client(address: str) -> Any:
    from ray.job_submission import JobSubmissionClient

    try:
        return JobSubmissionClient(address)
    except (ConnectionError, RuntimeError) as error:
        typer.echo(f"{address} does not answer: {str(error).splitlines()[0]}", err=True)
        raise typer.Exit(UNREACHABLE) from None


def _follow(jobs: Any, name: str) -> int:
    async def show() -> None:
        async for lines in jobs.tail_job_logs(name):
            typer.echo(lines, nl=False)

    asyncio.run(show())
    status = str(jobs.get_job_status(name).value)
    typer.echo(f"{name}: {status}")
    return 0 if status == "SUCCEEDED" else FAILED


app = typer.Typer()
app.command(context_settings={"allow_extra_args": True})(submit)

if __name__ == "__main__":
    app()
