"""The render command: refusals before anything is spent, and a whole demo spot, end to end."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from jobs.render import render
from pipeline import storage
from pipeline.ledger import latest_run, read_ledger
from pipeline.rows import to_rows
from schemas import layout
from tests.pipeline.test_campaign_run import long_feed
from tests.pipeline.test_plan import write_campaign

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"

app = typer.Typer()
app.command()(render)


def command(*arguments: str) -> Any:
    """Run the command as a person would."""
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "feeed=x"], "did you mean 'feed'?"),
        (["--set", "feed=gone.tsv"], "feed: gone.tsv"),
        (["--recipe", "lapdog"], "use one of laptop, gpu, or the path of a .py file"),
        (["--set", "environment=production"], "signing.signer: dev"),
    ],
)
def test_a_refused_configuration_costs_nothing(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Would catch a traceback in the place of a sentence, and a status that schedulers retry."""
    done = command(str(DEMO), "--out", str(tmp_path / "out"), "--local", *arguments)
    assert done.exit_code == 2, done.output
    assert said in done.output
    assert not (tmp_path / "out").exists()


def test_a_dry_run_says_what_it_would_do_and_does_nothing(tmp_path: Path) -> None:
    """Would catch a dry run that renders, or one that says something else than jobs.plan."""
    done = command(str(DEMO), "--out", str(tmp_path / "out"), "--dry-run", "--limit", "3")
    assert done.exit_code == 0, done.output
    assert "3 spots new" in done.output and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("answer", "said"),
    [(None, "does not answer"), ("403 Forbidden", "not permitted"), ("keys", "credentials")],
)
def test_a_store_that_is_away_or_refuses_is_told_in_a_sentence(
    tmp_path: Path, answer: str | None, said: str
) -> None:
    """Would catch forty lines of botocore in the log of a job whose bucket policy is wrong."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if answer:
            server.listen(8)
            threading.Thread(target=_answer, args=(server, answer), daemon=True).start()
        command = ["-m", "jobs.render", str(DEMO), "--out", "s3://nowhere/out", "--local"]
        done = subprocess.run(
            [sys.executable, *command],
            cwd=DEMO.parents[2], capture_output=True, text=True, timeout=200,
            env={
                "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_MAX_ATTEMPTS": "1",
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.getsockname()[1]}",
                "AWS_EC2_METADATA_DISABLED": "true",
                **({} if answer == "keys" else {"AWS_ACCESS_KEY_ID": "a"}),
                **({} if answer == "keys" else {"AWS_SECRET_ACCESS_KEY": "secret-of-mine"}),
            },
        )  # fmt: skip
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and "secret-of-mine" not in done.stderr + done.stdout


def _answer(server: socket.socket, status: str) -> None:
    """A store that says the same to everybody."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())


@pytest.fixture
def small_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 9x16 format at a third of its size, so that a whole spot takes seconds."""
    small = dataclasses.replace(layout.FORMATS["9x16"], width_px=360, height_px=640)
    monkeypatch.setitem(layout.FORMATS, "9x16", small)  # type: ignore[arg-type]


@pytest.mark.demo
@pytest.mark.usefixtures("small_frame")
def test_a_demo_spot_is_rendered_signed_verified_and_then_left_alone(tmp_path: Path) -> None:
    """Would catch stages that do not fit together, and a second run that works again."""
    out = tmp_path / "out"
    arguments = [str(DEMO), "--out", str(out), "--local", "--only", "TW-MUG-LAGOON-350"]
    arguments += ["--set", f"signing.folder={tmp_path / 'signer'}"]
    # A third of the size is no size for reading tiny text or watermarks by; format gates stay.
    arguments += ["--set", "quality.gates={watermark_read: null, product_fidelity: null}"]
    done = command(*arguments)
    assert done.exit_code == 0, done.output
    (row,) = to_rows(read_ledger(str(out), latest_run(str(out)) or ""))
    assert row["status"] == "published", row["reason"]
    assert row["provenance"]["c2pa_state"] == "Trusted"
    video = Path(row["outputs"][0]["uri"])
    assert video.is_file() and video.with_suffix(".jpg").is_file()
    assert video.with_suffix(".vtt").read_text().startswith("WEBVTT")
    assert row["metrics"]["duration_s"] == pytest.approx(15.0, abs=0.01)
    assert (out / "report" / "index.html").is_file() and (out / "mlflow.db").is_file()
    (receipt,) = out.glob("ledger/run=*/unit=*/receipt.json")
    assert json.loads(receipt.read_text())["counts"]["published"] == 1

    again = command(*arguments)
    assert again.exit_code == 0 and "Nothing was rendered" in again.output
    (row,) = to_rows(read_ledger(str(out), latest_run(str(out)) or ""))
    assert row["status"] == "unchanged" and Path(row["outputs"][0]["uri"]) == video


@pytest.mark.demo
@pytest.mark.usefixtures("small_frame")
def test_a_campaign_that_lies_in_a_bucket_is_rendered_into_it(
    tmp_path: Path, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a path that works on a laptop's disk only: campaign, feed, scripts, photos,
    presenter, music, media, ledger, films and report are all on `s3://`."""
    monkeypatch.chdir(tmp_path)
    home = f"{s3_bucket}/{tmp_path.name}"
    filesystem, path = storage.split(home)
    filesystem.put(f"{DEMO.parent}/", f"{path}/demo/", recursive=True)
    arguments = [f"{home}/demo/campaign.yaml", "--out", f"{home}/out", "--local"]
    arguments += ["--only", "TW-MUG-LAGOON-350", "--set", f"signing.folder={tmp_path / 'signer'}"]
    arguments += ["--set", "quality.gates={watermark_read: null, product_fidelity: null}"]
    done = command(*arguments)
    assert done.exit_code == 0, done.output
    (row,) = to_rows(read_ledger(f"{home}/out", latest_run(f"{home}/out") or ""))
    assert row["status"] == "published", row["reason"]
    assert row["provenance"]["c2pa_state"] == "Trusted"
    (output,) = row["outputs"]
    film = storage.read_bytes(output["uri"])
    assert output["uri"].startswith(f"{home}/out/spots/") and len(film) == output["bytes"]
    assert hashlib.sha256(film).hexdigest() == output["sha256"]
    assert b"<html" in storage.read_bytes(f"{home}/out/report/index.html")
    assert not (tmp_path / "out").exists() and not (tmp_path / "mlflow.db").exists()
    assert "test-secret" not in done.output

    again = command(*arguments)
    assert again.exit_code == 0 and "Nothing was rendered" in again.output
    storage.replace_bytes(
        storage.read_bytes(f"{home}/demo/products.tsv").replace(b"24.00 USD", b"23.00 USD"),
        f"{home}/demo/products.tsv",
    )
    planned = command(*arguments, "--dry-run")
    assert "1 changed" in planned.output and "changed: " in planned.output, planned.output


OWN_RECIPE = """
from tests.pipeline.toy_stages import Count, Slow

def recipe(campaign):
    return [Slow(log={log!r}), Count()]
"""


@pytest.mark.chaos
@pytest.mark.parametrize(
    ("number", "how"),
    [
        (signal.SIGTERM, ["--local"]),
        (signal.SIGINT, ["--local"]),
        pytest.param(signal.SIGTERM, [], marks=pytest.mark.ray),
    ],
)
def test_a_stopped_run_gives_its_lease_back_and_goes_on(
    tmp_path: Path, number: int, how: list[str]
) -> None:
    """Would catch a spot notice after which the next driver waits for a dead one's lease, and a
    stop that is taken for a failure of the spot it interrupts.
    """
    campaign = write_campaign(tmp_path, feed=long_feed(12))
    log, out = tmp_path / "log", tmp_path / "out"
    (tmp_path / "own.py").write_text(OWN_RECIPE.format(log=str(log)))
    call = [sys.executable, "-m", "jobs.render", campaign, "--out", str(out)]
    call += ["--recipe", str(tmp_path / "own.py"), *how]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(
            call, stdout=said, stderr=said, cwd=DEMO.parents[2],
            # A suite that was started in the background would hand its deafness on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while not log.exists() or len(log.read_text().splitlines()) < 3:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(timeout=30) == 130
    assert "the same command goes on from here" in (tmp_path / "said").read_text()
    leases = [json.loads(lease.read_text()) for lease in out.rglob("leases/*/*/*.json")]
    assert leases and all(lease["released"] for lease in leases)

    again = command(*call[3:], *([] if how else ["--local"]))
    assert again.exit_code == 0 and "is open: 0 of 1 units are done" in again.output
    rows = to_rows(read_ledger(str(out), latest_run(str(out)) or ""))
    assert len(rows) == 12 and {row["status"] for row in rows} == {"published"}
    assert len(log.read_text().splitlines()) <= 14, "only what was in flight is done again"
