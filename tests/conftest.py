"""Fixtures that all rooms share. Media is small, real and made at test time."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from pipeline import storage
from pipeline.media import MediaStore, Workspace


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with tests on a cluster go to one worker, one after the other: they wait more than they
    work, and must not meet. The other worker takes the rest, file by file.
    """
    shared = {
        item.path
        for item in items
        if any(item.get_closest_marker(name) for name in ("ray", "s3", "chaos", "demo"))
    }
    for item in items:
        group = "cluster" if item.path in shared else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    """A media store in an empty output folder."""
    return MediaStore(str(tmp_path / "out"), cache=tmp_path / "cache")


@pytest.fixture
def media(store: MediaStore) -> Iterator[Workspace]:
    """What a stage sees of the store, for one spot."""
    with store.workspace() as workspace:
        yield workspace


class S3Server:
    """SeaweedFS on loopback with a bucket "spots"; it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = ("s3", "master", "volume", "filer", "admin")
        self.ports = dict(zip(names, _free_ports(5), strict=True))
        self.keys = {"AWS_ACCESS_KEY_ID": "test-key", "AWS_SECRET_ACCESS_KEY": "test-secret"}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What its clients need."""
        return {**self.keys, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.ports['s3']}"}

    def start(self) -> None:
        """Start it; it may take a second until it answers."""
        program = shutil.which("weed") or str(Path(sys.executable).parent / "weed")
        command = [
            program, "mini", f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            "-bucket=spots", "-webdav=false", "-admin.ui=false", "-master.telemetry=false",
            "-s3.port.iceberg=0", "-s3.port.lance=0",
            *(f"-{name}.port={port}" for name, port in self.ports.items()),
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **self.keys}, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """As a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in order, or by force after 10 s."""
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server on loopback, for the whole session; clients find it by the environment."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    before = {name: os.environ.get(name) for name in server.environment}
    server.start()
    os.environ.update(server.environment)
    try:
        _wait_for_bucket("s3://spots", server.folder / "log")
        yield server
    finally:
        server.stop()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@pytest.fixture(scope="session")
def s3_bucket(s3_server: S3Server) -> str:
    """A bucket on it."""
    return "s3://spots"


def _free_ports(count: int) -> list[int]:
    # SeaweedFS takes each port + 10000 as well, so they must stay below 55536.
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20000, 45000)
        try:
            for number in (port, port + 10000):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        found.append(port)
    return found


def _wait_for_bucket(uri: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if storage.exists(uri):
                return
        except Exception:  # not up yet
            pass
        time.sleep(0.3)
    raise RuntimeError(f"the S3 server did not come up:\n{log.read_text()[-2000:]}")
