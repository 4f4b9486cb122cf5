"""An Airflow DAG that renders a campaign every night: copy it into your DAGs folder.

Airflow is no dependency of Spotmill: only its Bash operator is used. A run in progress is left
alone (`--when-running skip`); a task that is tried again finds its job (`{campaign}-{date}`) and
follows it.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG(
    dag_id="spotmill_nightly",
    schedule="0 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"),
    # Nights that were missed are one run of today's feed: old feeds are gone.
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 6,
        "retry_delay": timedelta(hours=1),
        "execution_timeout": timedelta(hours=12),
    },
) as dag:
    render = BashOperator(
        task_id="render",
        cwd="/opt/spotmill",
        append_env=True,
        env={"RAY_AUTH_MODE": "token", "RAY_API_SERVER_ADDRESS": "http://127.0.0.1:8265"},
        bash_command=(
            ".venv/bin/python -m jobs.submit s3://acme-spots-inputs/acme/campaign.yaml"
            " --out s3://acme-spots-outputs/acme/nightly --date {{ ds }} --wait"
            " -- --recipe gpu --profile h100"
        ),
    )
