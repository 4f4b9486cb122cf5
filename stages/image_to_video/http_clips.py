"""An engine for teams that serve video models already: an OpenAI-style `/v1/videos` endpoint."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any, ClassVar
from urllib.parse import quote

import numpy as np
from PIL import Image

from stages.base import Retry
from stages.image_to_video.camera_motion import CameraMotion
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.first_frame import first_frame
from stages.image_to_video.retime import retimed
from stages.shared.ffmpeg import decode_frames
from stages.shared.frames import encode_frames
from stages.shared.service import ServerRefused, Service, check_url


@dataclass(frozen=True, kw_only=True)
class HttpClips(ClipEngine):
    """Sends the first frame, a prompt and a length, waits, and takes the video.

    POST {url}/videos (multipart: model, prompt, size, seconds, seed, input_reference) answers with
    an id; GET {url}/videos/<id> with its status; GET {url}/videos/<id>/content with the file. The
    key of access is in the environment variable that `key_name` names, and nowhere else.
    """

    name: ClassVar[str] = "http"
    version: ClassVar[str] = f"1+{CameraMotion.version}"

    url: str = field(metadata={"place": True})
    """Address of the service up to and with "/v1"."""
    model: str
    """The server's name of the model, and all that the key knows of it: let it change with the
    weights."""
    prompt: str = "{title}, product shot in a studio, slow {move} of the camera"
    width_px: int = 704
    height_px: int = 1280
    seconds_step: float = 1.0
    """Lengths that it makes are multiples of this."""
    key_name: str = field(default="SPOTMILL_VIDEO_KEY", metadata={"place": True})
    timeout_s: float = field(default=600.0, metadata={"place": True})
    """For the clip as a whole."""
    request_timeout_s: float = field(default=30.0, metadata={"place": True})
    poll_s: float = field(default=2.0, metadata={"place": True})
    qp: int = 13

    def __post_init__(self) -> None:
        """Refuse an address that is none."""
        check_url(self.url)

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that the prompt names."""
        names = [name for _, name, _, _ in Formatter().parse(self.prompt) if name]
        return tuple(dict.fromkeys(name for name in names if name != "move"))

    def render(self, request: ClipRequest, path: Path) -> RenderedClip:
        """See `ClipEngine.render`. Raises `Retry` where the service is busy or away,
        `ServerRefused` where it will not make the clip, `TimeoutError` where it does not get done.
        """
        until = time.monotonic() + self.timeout_s
        job = self._submit(request)
        number = str(job.get("id") or "")
        if not number:
            raise ServerRefused(f"{self.url}: the answer has no id: {str(job)[:300]}")
        while (status := str(job.get("status"))) not in ("completed", "succeeded"):
            if status in ("failed", "cancelled", "expired"):
                raise ServerRefused(f"{self.url}: clip {number} {status}: {_words(job)}")
            if time.monotonic() > until:
                raise TimeoutError(
                    f"{self.url}: clip {number} is {status} after {self.timeout_s:g} s"
                )
            time.sleep(self.poll_s)
            with contextlib.suppress(Retry):  # the clip is being made: ask again, not for another
                job = json.loads(self._ask("GET", f"videos/{quote(number, safe='')}"))
        video = self._ask("GET", f"videos/{quote(number, safe='')}/content")
        self._encode(video, request, path)
        return RenderedClip(request.areas.product, "generated")

    def _submit(self, request: ClipRequest) -> dict[str, Any]:
        picture = io.BytesIO()
        Image.fromarray(first_frame(request, self.width_px, self.height_px)).save(picture, "PNG")
        seconds = request.frames / request.format.fps
        steps = max(1, -(-seconds // self.seconds_step))
        state = np.random.SeedSequence((request.seed % 2**64, request.shot)).generate_state(1)
        fields = {
            "model": self.model,
            "prompt": self.prompt.format(**request.texts, move=request.move.replace("_", " ")),
            "size": f"{self.width_px}x{self.height_px}",
            "seconds": f"{steps * self.seconds_step:g}",
            "seed": str(int(state[0])),
        }
        file = ("first_frame.png", picture.getvalue(), "image/png")
        answer = self._ask("POST", "videos", data=fields, files={"input_reference": file})
        return dict(json.loads(answer))

    def _ask(self, method: str, path: str, **form: Any) -> bytes:
        """One request; its answer."""
        service = Service(url=self.url, key_name=self.key_name, timeout_s=self.request_timeout_s)
        return service.ask(method, path, **form)

    def _encode(self, video: bytes, request: ClipRequest, path: Path) -> None:
        form = request.format
        file = path.with_suffix(".served.mp4")
        file.write_bytes(video)
        # At the clip's own rate, whatever the server's is.
        shown = decode_frames(file, self.width_px, self.height_px, fps=form.fps)
        frames = np.stack(list(shown))
        size = (form.width_px, form.height_px)
        file.unlink()
        if len(frames) < 2:
            raise ServerRefused(f"{self.url}: the video has {len(frames)} frames")
        encode_frames(
            retimed(frames.astype(np.float32) / 255, request.frames, 1.0, size), path,
            width_px=form.width_px, height_px=form.height_px, fps=form.fps, qp=self.qp,
        )  # fmt: skip


def _words(job: Mapping[str, Any]) -> str:
    error = job.get("error")
    words = error.get("message") if isinstance(error, Mapping) else error
    return str(words or "it says nothing")[:500]
