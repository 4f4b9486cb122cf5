"""The hostile example: eighteen rows end with stage, rule and evidence, and twelve go on."""

from __future__ import annotations

import importlib.util
import re
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapter import StageAdapter
from pipeline.assets import AssetDigests
from pipeline.campaign_file import read_campaign
from pipeline.media import MediaStore
from pipeline.plan import Planner
from pipeline.recipes import load_recipe
from pipeline.rows import row_schema, to_rows, to_table
from pipeline.settled import Settled
from pipeline.web.files import WebFiles

HOSTILE = Path(__file__).parents[2] / "examples" / "hostile"
TABLE = re.findall(
    r"^\| ([A-Z-]+) \| .* \| (\w+) \| (\w+) \|$", (HOSTILE / "README.md").read_text(), re.MULTILINE
)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every row of the feed behind plan and screen; whoever asks the network is told off."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(HOSTILE, folder / "hostile", ignore=shutil.ignore_patterns("images"))
    shutil.copytree(HOSTILE.parent / "demo" / "audio", folder / "demo" / "audio")
    (folder / "demo" / "products").mkdir()
    (folder / "demo" / "products" / "mug.jpg").write_bytes(b"a photo out of reach")
    spec = importlib.util.spec_from_file_location("make_images", HOSTILE / "make_images.py")
    assert spec is not None and spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    program.make_images(folder / "hostile" / "images")
    campaign = read_campaign(str(folder / "hostile" / "campaign.yaml"))
    stages = load_recipe("laptop", campaign)
    screen = StageAdapter(stages[0], stages, str(folder / "out"), cache=folder / "cache")
    rows = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", _no_network)
        patch.setattr(socket.socket, "connect", _no_network)
        patch.setattr(socket, "getaddrinfo", _no_network)
        assets = AssetDigests(None, WebFiles(campaign.links, str(folder / "out")))
        for unit in Planner(campaign, stages, assets=assets).units():
            rows += to_rows(unit.settled_rows(Settled(), "r1"))
            rows += to_rows(screen(to_table(unit.pending, row_schema(stages))))
    return rows


def _no_network(*what: object) -> None:
    raise AssertionError(f"a request was made: {what}")


def test_eighteen_of_thirty_are_refused_as_the_readme_says(ended: list[dict[str, Any]]) -> None:
    """Would catch a hostile row that ships, and a refusal for another reason than its own."""
    refused = {
        row["spot_id"]: (row["stage"], row["reason_code"])
        for row in ended
        if row["status"] == "rejected"
    }
    assert refused == {spot_id: (stage, code) for spot_id, stage, code in TABLE}
    assert len(ended) == 30 and len(refused) == 18
    assert [row["status"] for row in ended].count("pending") == 12


def test_each_has_stage_rule_and_evidence(ended: list[dict[str, Any]]) -> None:
    """Would catch a rejection that a reviewer must take on trust."""
    for row in ended:
        blocks = [one for one in row["verdicts"] if one["verdict"] == "block"]
        if row["status"] == "rejected":
            assert row["stage"] and blocks, row["spot_id"]
            assert all(one["gate"] and one["rule"] and one["evidence"] for one in blocks)
        else:
            assert not blocks


def test_what_goes_on_is_harmless(ended: list[dict[str, Any]], tmp_path: Path) -> None:
    """Would catch an id that names a file elsewhere, and a picture that ffmpeg gets as it came."""
    going = {row["spot_id"]: row for row in ended if row["status"] == "pending"}
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", spot_id) for spot_id in going)
    assert all(row["photo_uri"].endswith(".png") for row in going.values())
    store = MediaStore(str(tmp_path))
    assert all(store.place(row["photo_uri"]).startswith(str(tmp_path)) for row in going.values())
    (markup,) = [row for row in ended if row["spot_id"] == "MARKUP"]
    assert "<" not in markup["title"] and "script>" not in markup["title"]
