"""A small speech service on loopback that speaks with the embedded voice and tells true times."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from stages.shared.sound import resample
from stages.speech import HibariVoice
from stages.speech.engine import SpokenWord

KEY = "secret-of-ours"


class SpeechService(ThreadingHTTPServer):
    """Answers as ElevenLabs does. `faults` are used up, one by each request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.voice, self.lock = HibariVoice(), threading.Lock()
        self.voice.load()
        self.faults = list[str]()
        self.asked = list[dict[str, Any]]()
        self.keys = list[str | None]()

    @property
    def url(self) -> str:
        """Its address, as a campaign names it."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def speech_service() -> Iterator[SpeechService]:
    """The service, for as long as it is needed."""
    with SpeechService() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: SpeechService

    def log_message(self, *what: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """Where a redirect would lead."""
        self.server.keys.append(self.headers.get("xi-api-key"))
        self._answer(200, b"{}")

    def do_POST(self) -> None:
        """A sentence is to be spoken."""
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.keys.append(self.headers.get("xi-api-key"))
        fault = server.faults.pop(0) if server.faults else ""
        if fault.isdigit():
            self._answer(int(fault), f"come again, {KEY}".encode())
            return
        if fault == "refuses":
            self._answer(422, b'{"detail": "the text is indecent"}')
            return
        if fault == "redirects":
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        where = urlsplit(self.path)
        found = re.fullmatch(r"/v1/text-to-speech/([^/]+)/with-timestamps", where.path)
        assert found is not None
        asked = json.loads(body)
        rate_hz = int(parse_qs(where.query)["output_format"][0].removeprefix("pcm_"))
        server.asked.append({**asked, "voice": unquote(found[1]), "rate_hz": rate_hz})
        with server.lock:
            self._speak(asked["text"], rate_hz, fault)

    def _speak(self, text: str, rate_hz: int, fault: str) -> None:
        words = [
            SpokenWord(w.rstrip(".,;:!?"), pause=w[len(w.rstrip(".,;:!?")) :]) for w in text.split()
        ]
        said = self.server.voice.speak(words, 1.0)
        made_hz = 2 * rate_hz if fault == "wrong rate" else rate_hz
        samples = resample(said.samples, said.rate_hz, made_hz)
        if fault == "silent":
            samples = np.zeros_like(samples)
        if fault == "clipped":
            samples = np.clip(20 * samples, -1, 1)
        if fault == "runs on":
            samples = np.tile(samples, 8)
        letters, starts, ends = _letters(words, said.words)
        pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
        audio = base64.b64encode(pcm).decode()
        alignment: Any = {
            "characters": letters,
            "character_start_times_seconds": starts,
            "character_end_times_seconds": ends,
        }
        if fault == "bad base64":
            audio = "!" + audio[1:]
        if fault in ("no times", "runs on"):
            alignment = None
        if fault == "other words":
            alignment["characters"] = ["x"] * len(letters)
        content = json.dumps({"audio_base64": audio, "alignment": alignment}).encode()
        if fault == "not json":
            content = b"<html>"
        if fault == "huge":
            content += b" " * 2**20
        if fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.connection.close()
            return
        self._answer(200, content)

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _letters(words: list[SpokenWord], timed: Any) -> tuple[list[str], list[float], list[float]]:
    """Each character's time: a word's letters share its true span, the rest fills the gaps."""
    letters, starts, ends = list[str](), list[float](), list[float]()
    for number, (word, own) in enumerate(zip(words, timed, strict=True)):
        edges = np.linspace(own[0].start_s, own[-1].end_s, len(word.text) + 1).tolist()
        after = timed[number + 1][0].start_s if number + 1 < len(words) else own[-1].end_s
        behind = word.pause + (" " if number + 1 < len(words) else "")
        letters += [*word.text, *behind]
        starts += edges[:-1] + [own[-1].end_s] * len(behind)
        ends += edges[1:] + [after] * len(behind)
    return letters, starts, ends
