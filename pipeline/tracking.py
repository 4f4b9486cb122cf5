"""Tells MLflow of a campaign run: one MLflow run with its metrics, plots, ledger and report."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline import storage
from pipeline.report.distribution import Gates, distributions
from pipeline.report.rows import Rows
from pipeline.report.summary import RunSummary
from pipeline.tracking_content import metrics, tags, write_files
from pipeline.tracking_content import parameters as all_parameters
from pipeline.tracking_database import create_database

_LOGIN = re.compile(r"//[^/@\s]*@")
RUN_TAG = "spotmill.run_id"
METRICS_AT_ONCE, PARAMETERS_AT_ONCE = 880, 100
"""MLflow takes at most 1,000 metrics, parameters and tags in one call, which costs 25 ms."""

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "GIT_PYTHON_REFRESH": "quiet",
    # A tracking server that is away must not hold up the end of a run for long.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


def default_tracking_uri(output: str) -> str | None:
    """`sqlite:///OUT/mlflow.db` for a local output; None for a remote one, which needs a server."""
    if not storage.is_local(output):
        return None
    return f"sqlite:///{storage.join(_folder(output), 'mlflow.db')}"


def track(
    output: str,
    campaign_name: str,
    run_id: str,
    rows: Rows,
    summary: RunSummary,
    *,
    tracking_uri: str | None = None,
    parameters: Mapping[str, str],
    report_uri: str | None = None,
    artifacts: Sequence[str] = (),
    gates: Gates | None = None,
) -> str | None:
    """Record the run in MLflow; returns its MLflow run id, or None where that was not possible.

    The experiment is the campaign, the MLflow run the campaign run; recording the same `run_id`
    again updates it. `artifacts` are URIs of further files to keep with it, `gates` the limits
    drawn in the plots. Without `tracking_uri` a local output has its own database (its artifacts
    in `OUT/mlflow-artifacts`). It never raises: whatever MLflow says is printed in one line.
    """
    uri = tracking_uri or default_tracking_uri(output)
    if uri is None:
        print(
            f"MLflow: not recorded: {output} is remote and no tracking server is set;"
            " give the address of one (http://...) as the tracking URI"
        )
        return None
    try:
        _keep_quiet()
        own = None
        if tracking_uri is None:
            own = Path(_folder(output), "mlflow-artifacts").as_uri()
            create_database(Path(_folder(output), "mlflow.db"))
        client = _client(uri)
        mlflow_run = _open_run(client, campaign_name, run_id, own)
        spread = distributions(rows, gates)
        words = all_parameters(summary, parameters)
        _log(client, mlflow_run, metrics(summary, spread), words, tags(summary))
        with tempfile.TemporaryDirectory(prefix="spotmill-mlflow-") as folder:
            write_files(Path(folder), output, rows, spread, report_uri, artifacts)
            client.log_artifacts(mlflow_run.info.run_id, folder)
        client.set_terminated(mlflow_run.info.run_id, _state(summary))
    except Exception as error:  # the spots are made; a tracker must not fail their run
        what = f"{' '.join(str(error).split())[:300]} (tracking URI {uri})"
        print(f"MLflow: not recorded: {type(error).__name__}: {_LOGIN.sub('//', what)}")
        return None
    return str(mlflow_run.info.run_id)


def _keep_quiet() -> None:
    """No telemetry, no chatter, short waits: MLflow reads these when it is imported."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _client(uri: str) -> Any:
    """MLflow's client. Imported here: it takes 2 s of CPU, which no other command should pay."""
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri)


def _open_run(client: Any, campaign_name: str, run_id: str, artifact_folder: str | None) -> Any:
    """The MLflow run of this campaign run: the one that is there, or a new one."""
    experiment = client.get_experiment_by_name(campaign_name)
    if experiment is None:
        experiment_id = client.create_experiment(campaign_name, artifact_folder)
    else:
        experiment_id = experiment.experiment_id
    found = client.search_runs([experiment_id], f"tags.`{RUN_TAG}` = '{run_id}'", max_results=1)
    if found:
        return found[0]
    tags = {RUN_TAG: run_id}
    return client.create_run(experiment_id, run_name=f"{campaign_name} {run_id}", tags=tags)


def _log(
    client: Any,
    mlflow_run: Any,
    values: Mapping[str, float],
    parameters: Mapping[str, str],
    run_tags: Mapping[str, str],
) -> None:
    """Metrics, parameters and tags in as few calls as MLflow allows."""
    from mlflow.entities import Metric, Param, RunTag

    now_ms, run_id = int(time.time() * 1000), mlflow_run.info.run_id
    points = [Metric(name, value, now_ms, 0) for name, value in values.items()]
    fixed = mlflow_run.data.params  # a parameter once set may not change
    words = [Param(name, value) for name, value in parameters.items() if name not in fixed]
    labels = [RunTag(name, value) for name, value in run_tags.items()]
    client.log_batch(run_id, points[:METRICS_AT_ONCE], words[:PARAMETERS_AT_ONCE], labels)
    for start in range(METRICS_AT_ONCE, len(points), METRICS_AT_ONCE):
        client.log_batch(run_id, points[start : start + METRICS_AT_ONCE])


def _state(summary: RunSummary) -> str:
    """MLflow's word for how the run ended: FAILED only where spots failed."""
    return "FAILED" if summary.counts.get("failed") else "FINISHED"


def _folder(output: str) -> str:
    return str(storage.split(storage.absolute(output))[1])
