"""The object store goes away while a campaign runs: nothing is lost, twice, or half there."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from pipeline import storage
from stages.base import Stage
from tests.conftest import S3Server
from tests.pipeline.test_campaign_run import campaign_run, count, long_feed, rows_of
from tests.pipeline.test_plan import write_campaign
from tests.pipeline.toy_stages import Count, Slow

pytestmark = [pytest.mark.chaos, pytest.mark.s3]

AWAY_S = 20.0


def test_a_store_that_is_away_for_a_while_costs_time_and_nothing_else(
    s3_server: S3Server, s3_bucket: str, tmp_path: Path
) -> None:
    """Would catch a run that ends with a traceback, or spots that fail, because of a restart."""
    path = write_campaign(tmp_path, feed=long_feed(12))
    output, log = f"{s3_bucket}/{tmp_path.name}", tmp_path / "log"
    stages: list[Stage] = [Slow(log=str(log)), Count()]

    def outage() -> None:
        while not log.exists() or len(log.read_text().splitlines()) < 4:
            time.sleep(0.02)
        s3_server.kill()
        time.sleep(AWAY_S)
        s3_server.start()

    trouble = threading.Thread(target=outage, daemon=True)
    trouble.start()
    begun = time.monotonic()
    rows = rows_of(campaign_run(path, output, stages))
    trouble.join()
    assert time.monotonic() - begun > AWAY_S
    assert count(rows) == {"published": 12} and len({row["spot_id"] for row in rows}) == 12
    assert len(log.read_text().splitlines()) <= 13, "only what was in flight was done again"
    for uri in storage.list_files(f"{output}/media/blobs"):
        name = uri.rpartition("/")[2]
        content = storage.read_bytes(uri)
        assert storage.hashlib.sha256(content).hexdigest() == name.partition(".")[0], "half a file"
    again = rows_of(campaign_run(path, output, stages))
    assert count(again) == {"unchanged": 12}
