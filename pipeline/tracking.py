"""Tells MLflow of a campaign run: one MLflow run with its metrics, plots, ledger and report."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pipeline import ledger, storage
from pipeline.report.distribution import Gates, distributions
from pipeline.report.rows import Rows
from pipeline.report.summary import RunSummary
from pipeline.stage_costs import Prices
from pipeline.tracking_content import costs, metrics, priced, tags, unit_metrics, write_files
from pipeline.tracking_content import parameters as all_parameters
from pipeline.tracking_database import create_database

_LOGIN = re.compile(r"//[^/@\s]*@")
RUN_TAG = "spotmill.run_id"
UNIT_METRIC = "unit/spots/total"
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
    prices: Prices | None = None,
) -> str | None:
    """Record the run in MLflow; returns its MLflow run id, or None where that was not possible.

    The experiment is the campaign, the MLflow run the campaign run; recording the same `run_id`
    again updates it. Each unit of the run is a step of the metrics below "unit/"; those that MLflow
    knows are not sent again. `artifacts` are URIs of further files to keep with it, `gates` the
    limits drawn in the plots. Without `tracking_uri` a local output has its own database (its
    artifacts in `OUT/mlflow-artifacts`). It never raises: what MLflow says is printed in one line.
    """
    uri = tracking_uri or default_tracking_uri(output)
    if uri is None:
        print(
            f"MLflow: not recorded: {output} is remote and no tracking server is set;"
            " give the address of one (http://...) as the tracking URI"
        )
        return None
    prices = prices or Prices()
    try:
        client, mlflow_run = _connect(output, campaign_name, run_id, tracking_uri)
        spread = distributions(rows, gates)
        words = all_parameters(summary, parameters)
        values = metrics(priced(summary, prices), {**spread, **costs(rows, prices)})
        _log(client, mlflow_run, values, words, tags(summary))
        _log_units(client, mlflow_run.info.run_id, output, run_id, prices, gates)
        with tempfile.TemporaryDirectory(prefix="spotmill-mlflow-") as folder:
            write_files(Path(folder), output, rows, spread, report_uri, artifacts)
            client.log_artifacts(mlflow_run.info.run_id, folder)
        client.set_terminated(mlflow_run.info.run_id, _state(summary))
    except Exception as error:  # the spots are made; a tracker must not fail their run
        print(f"MLflow: not recorded: {_told_by(error, uri)}")
        return None
    return str(mlflow_run.info.run_id)


class LiveUnits:
    """Tells MLflow of each unit as it is recorded, from a thread of its own: rendering never waits.

    At the first error it stops with one line: `track` sends what is missing when the run is over.
    """

    def __init__(
        self,
        output: str,
        campaign_name: str,
        *,
        tracking_uri: str | None = None,
        gates: Gates | None = None,
        prices: Prices | None = None,
    ) -> None:
        self._output, self._campaign, self._uri = output, campaign_name, tracking_uri
        self._gates, self._prices = gates, prices or Prices()
        self._thread: ThreadPoolExecutor | None = None
        self._open: tuple[Any, Any] | None = None
        self._off = (tracking_uri or default_tracking_uri(output)) is None

    def add(self, receipt: Mapping[str, Any]) -> None:
        """A unit is in the ledger."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="spotmill-mlflow")
        self._thread.submit(self._tell, receipt)

    def close(self) -> None:
        """Wait for what is being sent; what is not begun is left to `track`."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def _tell(self, receipt: Mapping[str, Any]) -> None:
        if self._off:
            return
        try:
            if self._open is None:
                self._open = _connect(self._output, self._campaign, receipt["run_id"], self._uri)
            client, mlflow_run = self._open
            values = unit_metrics(self._output, receipt, self._prices, self._gates)
            _log_step(client, mlflow_run.info.run_id, receipt["unit"], values)
        except Exception as error:  # the spots are being made; a tracker must not fail their run
            self._off = True
            uri = self._uri or default_tracking_uri(self._output) or ""
            print(f"MLflow: told at the end of the run: {_told_by(error, uri)}")


def why_unreachable(uri: str) -> str | None:
    """Why an MLflow server does not answer; None where it does."""
    _keep_quiet()
    try:
        _client(uri).search_experiments(max_results=1)
    except Exception as error:
        return _told_by(error, uri)
    return None


def _told_by(error: Exception, uri: str) -> str:
    what = f"{' '.join(str(error).split())[:300]} (tracking URI {uri})"
    return f"{type(error).__name__}: {_LOGIN.sub('//', what)}"


def _connect(
    output: str, campaign_name: str, run_id: str, tracking_uri: str | None
) -> tuple[Any, Any]:
    """(MLflow's client, the MLflow run of this campaign run)."""
    _keep_quiet()
    own = None
    if tracking_uri is None:
        own = Path(_folder(output), "mlflow-artifacts").as_uri()
        create_database(Path(_folder(output), "mlflow.db"))
    client = _client(tracking_uri or default_tracking_uri(output) or "")
    return client, _open_run(client, campaign_name, run_id, own)


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


def _log_units(
    client: Any, mlflow_id: str, output: str, run_id: str, prices: Prices, gates: Gates | None
) -> None:
    """Units that MLflow does not know yet, each as a step."""
    known = {point.step for point in client.get_metric_history(mlflow_id, UNIT_METRIC)}
    for receipt in ledger.receipts(output, run_id):
        if receipt["unit"] not in known and receipt.get("stage_costs") is not None:
            values = unit_metrics(output, receipt, prices, gates)
            _log_step(client, mlflow_id, receipt["unit"], values)


def _log_step(client: Any, mlflow_id: str, step: int, values: Mapping[str, float]) -> None:
    from mlflow.entities import Metric

    now_ms = int(time.time() * 1000)
    # The metric that says that a step is known comes last.
    names = sorted(values, key=lambda name: (name == UNIT_METRIC, name))
    points = [Metric(name, values[name], now_ms, step) for name in names]
    for start in range(0, len(points), METRICS_AT_ONCE):
        client.log_batch(mlflow_id, points[start : start + METRICS_AT_ONCE])


def _state(summary: RunSummary) -> str:
    """MLflow's word for how the run ended: FAILED only where spots failed."""
    return "FAILED" if summary.counts.get("failed") else "FINISHED"


def _folder(output: str) -> str:
    return str(storage.split(storage.absolute(output))[1])
