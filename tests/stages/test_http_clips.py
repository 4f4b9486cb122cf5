"""The engine for video services, against a small real server on loopback."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.adapter import StageAdapter
from pipeline.recipes import load_recipe
from pipeline.rows import new_row
from schemas.config_error import ConfigError
from stages.base import Retry
from stages.image_to_video import ClipRequest, HttpClips, ImageToVideo
from stages.shared.ffmpeg import decode_frames, ffmpeg_binary
from stages.shared.service import ServerRefused
from tests.pipeline.test_recipes import campaign
from tests.pipeline.toy_stages import spot


class Service(ThreadingHTTPServer):
    """Holds the picture still for as long as was asked, after two polls; faults on demand."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.fault, self.asked = folder, "", list[dict[str, str]]()
        self.polls, self.keys = 0, list[str | None]()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Service

    def log_message(self, *what: object) -> None:
        """Nothing."""

    def _answer(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        """A clip is asked for."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(self.headers.get("Authorization"))
        if self.server.fault == "busy":
            self.server.fault = ""
            self._answer(b"come again", 503)
            return
        if self.server.fault == "refuses":
            self._answer(b'{"error": "no such model"}', 404)
            return
        texts = re.findall(rb'name="(\w+)"\r\n\r\n(.*?)\r\n', body)
        self.server.asked.append({k.decode(): v.decode() for k, v in texts})
        picture = re.search(rb"image/png\r\n\r\n(.*)\r\n--", body, re.DOTALL)
        assert picture is not None
        (self.server.folder / "first.png").write_bytes(picture[1])
        self._answer(b'{"id": "clip/1", "status": "queued"}')

    def do_GET(self) -> None:
        """A poll, or the file."""
        self.server.polls += 1
        if self.server.fault == "stumbles" and self.server.polls == 1:
            self._answer(b"restarting", 502)
            return
        if self.path.endswith("/content"):
            self._answer(b"no video" if self.server.fault == "garbage" else self._video())
            return
        assert self.path == "/v1/videos/clip%2F1"
        job: dict[str, Any] = {"id": "clip/1", "status": "in_progress"}
        if self.server.fault == "fails":
            job = {"status": "failed", "error": {"message": "the picture is indecent"}}
        elif self.server.polls >= 2 and self.server.fault != "never":
            job["status"] = "completed"
        self._answer(json.dumps(job).encode())

    def _video(self) -> bytes:
        out = self.server.folder / "out.mp4"
        seconds = self.server.asked[-1]["seconds"]
        subprocess.run(
            [ffmpeg_binary(), "-v", "error", "-y", "-loop", "1", "-i", self.server.folder /
             "first.png", "-t", seconds, "-r", "16", "-pix_fmt", "yuv420p", out],
            check=True,
        )  # fmt: skip
        return out.read_bytes()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """The server, for one test."""
    (folder := tmp_path / "service").mkdir()
    with Service(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def engine_of(service: Service, **more: Any) -> HttpClips:
    """The engine, in a hurry."""
    fast: dict[str, Any] = {"poll_s": 0.01, "width_px": 96, "height_px": 160, "timeout_s": 5.0}
    return HttpClips(url=service.url, model="wan", **{**fast, **more})


def test_a_clip_is_asked_for_polled_and_taken(
    service: Service,
    asked: ClipRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Would catch a clip of the server's length or rate in the place of the shot's."""
    monkeypatch.setenv("SPOTMILL_VIDEO_KEY", "secret-of-ours")
    clip = engine_of(service).render(asked, tmp_path / "clip.mp4")
    (told,) = service.asked
    assert told["model"] == "wan" and told["size"] == "96x160" and told["seconds"] == "1"
    assert told["prompt"].startswith("A box, product shot") and "push in" in told["prompt"]
    assert service.keys == ["Bearer secret-of-ours"] and clip.mode == "generated"
    frames = np.stack(list(decode_frames(tmp_path / "clip.mp4", 216, 384)))
    assert len(frames) == asked.frames and not list(tmp_path.glob("*.served.mp4"))
    sent = cv2.imread(str(service.folder / "first.png"))[..., ::-1]
    wanted = cv2.resize(sent, (216, 384), interpolation=cv2.INTER_CUBIC)
    assert np.abs(frames[0].astype(int) - wanted).mean() < 8, "it begins with the product"


def test_a_poll_that_fails_is_asked_again_and_not_the_clip(
    service: Service, asked: ClipRequest, tmp_path: Path
) -> None:
    """Would catch a proxy's hiccup that makes the service render a clip twice."""
    service.fault = "stumbles"
    engine_of(service).render(asked, tmp_path / "clip.mp4")
    assert len(service.asked) == 1 and service.polls >= 3


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("busy", Retry, "503 come again"),
        ("refuses", ServerRefused, "404 .*no such model"),
        ("fails", ServerRefused, "clip clip/1 failed: the picture is indecent"),
        ("never", TimeoutError, r"clip clip/1 is (queued|in_progress) after 0.1 s"),
        ("garbage", Exception, "Invalid data|moov|ffmpeg"),
    ],
)
def test_what_goes_wrong_has_the_servers_words(
    service: Service,
    asked: ClipRequest,
    tmp_path: Path,
    fault: str,
    error: Any,
    said: str,
) -> None:
    """Would catch a busy service that fails a spot, and a refusal that is tried for ever."""
    service.fault = fault
    more = {"timeout_s": 0.1} if fault == "never" else {}
    with pytest.raises(error, match=said):
        engine_of(service, **more).render(asked, tmp_path / "clip.mp4")


def test_a_service_that_is_away_is_tried_again(asked: ClipRequest, tmp_path: Path) -> None:
    """Would catch a restart of the service that costs a campaign its spots."""
    with Service(tmp_path) as closed:
        url = closed.url
    with pytest.raises(Retry, match="POST videos"):
        HttpClips(url=url, model="wan").render(asked, tmp_path / "clip.mp4")
    with pytest.raises(ValueError, match="must begin with http"):
        HttpClips(url="ftp://x", model="wan")


def test_it_works_in_the_recipe_and_a_busy_answer_is_tried_again(
    service: Service,
    asked: ClipRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Would catch an engine that works alone, and a key that is written into rows or receipts."""
    monkeypatch.setenv("SPOTMILL_VIDEO_KEY", "secret-of-ours")
    monkeypatch.setattr("pipeline.adapter.WAIT_S", (0.01, 0.01))
    settings = {"poll_s": 0.01, "width_px": 96, "height_px": 160}
    stages = load_recipe(
        "gpu", campaign(service=service.url, model="wan", settings=settings, camera="rise")
    )
    stage = next(one for one in stages if isinstance(one, ImageToVideo))
    assert stage.hardware.gpus == 0
    service.fault = "busy"
    adapter = StageAdapter(stage, stages, str(tmp_path / "out"))
    row = new_row(spot("s", "hello"), "print", 1)
    row |= {"photo_uri": adapter._store.put(asked.photo), "sentences": [], "accent": "#336699"}
    done = adapter.run_row(row)
    assert done["status"] == "pending", done["reason"]
    assert done["stages"][-1]["engine"] == "http" and len(service.asked) == len(done["shots"])
    assert {one["seconds"] for one in service.asked} <= {"1", "2", "3", "4", "5", "6", "7"}
    assert "rise of the camera" in service.asked[0]["prompt"]
    texts = [file.read_text(errors="replace") for file in tmp_path.rglob("*.json")]
    assert texts and not any("secret-of-ours" in text for text in [*texts, repr(done)])
    with pytest.raises(ConfigError, match=r"video_model.model: not set: name the model as the"):
        load_recipe("gpu", campaign(service=service.url))
    with pytest.raises(ConfigError, match="settings: call: with a service there are prompt"):
        load_recipe("gpu", campaign(service=service.url, model="x", settings={"call": {}}))
