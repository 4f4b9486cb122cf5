"""MLflow's own database of a local output, made whole and fast when there is none."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def create_database(path: Path) -> None:
    """Make an empty MLflow SQLite database at `path` unless there is one.

    MLflow takes some fifty migrations to it, each waiting for the disk: 2 s on an idle machine,
    10 s and more on a busy one. Here they don't wait, which is safe because the database is made
    under another name and put at its place when it is complete.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with _without_waiting_for_the_disk():
            _migrate(part)
        if not part.exists():
            return
        with part.open("rb") as written:
            os.fsync(written.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return  # another process was first; its database is as good
    finally:
        part.unlink(missing_ok=True)


def _migrate(path: Path) -> None:
    import mlflow.store.db.utils as database
    from sqlalchemy import create_engine

    # Not in MLflow's documented interface: where it is gone, MLflow makes its database itself.
    initialise = getattr(database, "_initialize_tables", None)
    if initialise is None:
        return
    engine = create_engine(f"sqlite:///{path}")
    try:
        initialise(engine)
    finally:
        engine.dispose()


@contextmanager
def _without_waiting_for_the_disk() -> Iterator[None]:
    from sqlalchemy import Engine, event

    def relax(connection: Any, record: Any) -> None:
        if type(connection).__module__.startswith("sqlite3"):
            connection.execute("PRAGMA synchronous=OFF")

    event.listen(Engine, "connect", relax)
    try:
        yield
    finally:
        event.remove(Engine, "connect", relax)
