"""An engine for voices behind HTTP, in the way of ElevenLabs: sound and the time of each letter."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar
from urllib.parse import quote

import numpy as np

from stages.shared.service import ServerRefused, Service, check_url
from stages.speech.engine import SpokenWord, Unspeakable, Utterance, VoiceFault
from stages.speech.paced import PacedVoice
from stages.speech.pronounce import sounds_of, spelled
from stages.speech.soundness import sound_speech
from stages.speech.timing import sounding, spread, timed_words

RATES_HZ = (16_000, 22_050, 24_000, 44_100, 48_000)
MOST_BYTES = 32 * 2**20
"""Largest answer: a minute of sound at 48 kHz in base64 is 8 MB."""
SECONDS_PER_PHONEME = (0.03, 0.35)
TAIL_S, EARLY_S = 1.0, 0.15
"""How much longer, and shorter, the sound may be than its letters' times: beyond, it was made at
another rate than was asked for."""


@dataclass(kw_only=True)
class HttpVoice(PacedVoice):
    """Sends each sentence once and takes sound with the time of each of its letters.

    POST {url}/v1/text-to-speech/{voice}/with-timestamps?output_format=pcm_{rate_hz} with JSON
    (text, model_id, voice_settings, seed, language_code) answers with JSON: audio_base64, which is
    16-bit little-endian mono, and alignment (characters, character_start_times_seconds,
    character_end_times_seconds). The key is in the environment variable that `key_name` names, and
    nowhere else. Other paces are made here by WSOLA, so that a script that is tried at several
    speeds is paid for once. Given pronunciations are respelled: services read letters.
    """

    name: ClassVar[str] = "http"
    version: ClassVar[str] = "1"

    url: str = field(metadata={"place": True})
    """Address of the service, without "/v1"."""
    voice: str
    """The voice's id at the service."""
    model: str
    """The service's name of the model, and all that the key knows of it: let it change with the
    weights."""
    language: str = "en"
    """BCP 47 primary subtag of what is spoken."""
    of_person: bool
    """Whether the voice is that of a person who exists."""
    voice_settings: Mapping[str, Any] = field(default_factory=dict)
    """Passed on as they are: {stability: 0.5, similarity_boost: 0.75}."""
    rate_hz: int = 24_000
    key_name: str = field(default="SPOTMILL_VOICE_KEY", metadata={"place": True})
    key_header: str = field(default="xi-api-key", metadata={"place": True})
    timeout_s: float = field(default=60.0, metadata={"place": True})
    """For one answer as a whole."""
    tries: int = field(default=3, metadata={"place": True})
    """How often a busy service (429, 5xx) is asked before the spot is put off."""
    wait_s: float = field(default=1.0, metadata={"place": True})
    """Before the second try; twice that before the third, or as long as the service asks."""

    def __post_init__(self) -> None:
        """Refuse an address that is none, and a rate that no service makes."""
        check_url(self.url)
        if self.url.rstrip("/").endswith("/v1"):
            raise ValueError(f"url {self.url!r}: leave out /v1")
        if self.rate_hz not in RATES_HZ:
            rates = ", ".join(map(str, RATES_HZ))
            raise ValueError(f"rate_hz {self.rate_hz} is none of {rates}")

    @property
    def languages(self) -> tuple[str, ...]:  # type: ignore[override]
        """See `SpeechEngine.languages`: the one that it was made for."""
        return (self.language,)

    @property
    def cloned(self) -> bool:
        """See `SpeechEngine.cloned`."""
        return self.of_person

    def load(self) -> None:
        """Nothing to load."""

    def say(self, words: Sequence[SpokenWord]) -> Utterance:
        """See `PacedVoice.say`. Raises `Retry` where the service is busy or away, `ServerRefused`
        where it will not speak, `VoiceFault` where its answer is no speech."""
        for word in words:
            if not any(c.isalnum() for c in word.text):
                raise Unspeakable(word.text)
        written = [spelled(word, self.language) for word in words]
        text = " ".join(w + word.pause for w, word in zip(written, words, strict=True))
        answer = self._ask(text)
        samples = self._samples(answer)
        sounds = sounds_of(words, self.language)
        count = sum(len(word) for word in sounds)
        letters = _letters(answer)
        if letters:
            self._check_rate(samples, letters)
        samples = sound_speech(samples, self.rate_hz, count, SECONDS_PER_PHONEME)
        spans = _spans(letters, written)
        if spans is None:
            timed, how = timed_words(samples, self.rate_hz, words, sounds, self.language)
            return Utterance(samples, self.rate_hz, timed, how)
        end_s = len(samples) / self.rate_hz
        within = [(min(start_s, end_s - 0.01), min(stop_s, end_s)) for start_s, stop_s in spans]
        within = sounding(samples, self.rate_hz, words, within)
        return Utterance(samples, self.rate_hz, spread(sounds, within), "own")

    def _ask(self, text: str) -> Mapping[str, Any]:
        service = Service(
            url=self.url, key_name=self.key_name, key_header=self.key_header, key_prefix="",
            timeout_s=self.timeout_s, whole_s=self.timeout_s, most_bytes=MOST_BYTES,
            tries=self.tries, wait_s=self.wait_s,
        )  # fmt: skip
        body = {
            "text": text,
            "model_id": self.model,
            "language_code": self.language,
            "voice_settings": dict(self.voice_settings),
            "seed": int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big"),
        }
        path = (
            f"v1/text-to-speech/{quote(self.voice, safe='')}/with-timestamps"
            f"?output_format=pcm_{self.rate_hz}"
        )
        try:
            found = json.loads(service.ask("POST", path, json=body))
        except ValueError as error:
            if isinstance(error, ServerRefused):
                raise
            raise VoiceFault(f"{self.url}: the answer is no JSON: {error}") from None
        if not isinstance(found, Mapping):
            raise VoiceFault(f"{self.url}: the answer is a {type(found).__name__}, not an object")
        return found

    def _samples(self, answer: Mapping[str, Any]) -> np.ndarray:
        """Float samples of the answer's sound."""
        coded = answer.get("audio_base64")
        if not isinstance(coded, str) or not coded:
            raise VoiceFault(f"{self.url}: the answer holds no audio_base64")
        try:
            content = base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise VoiceFault(f"{self.url}: audio_base64 is no base64: {error}") from None
        if content[:4] in (b"RIFF", b"OggS", b"fLaC") or content[:3] == b"ID3":
            raise VoiceFault(f"{self.url}: the sound is a file, not the plain samples asked for")
        if len(content) % 2:
            raise VoiceFault(f"{self.url}: {len(content)} bytes are no 16-bit samples")
        return np.frombuffer(content, "<i2").astype(np.float32) / 32768.0

    def _check_rate(self, samples: np.ndarray, letters: Sequence[_Letter]) -> None:
        """Refuse sound that is plainly longer or shorter than its own letters."""
        length_s, end_s = len(samples) / self.rate_hz, max(letter.end_s for letter in letters)
        if not end_s - EARLY_S <= length_s <= end_s + TAIL_S + 0.15 * end_s:
            raise VoiceFault(
                f"{self.url}: {length_s:.2f} s of sound at {self.rate_hz} Hz, but its letters end"
                f" at {end_s:.2f} s: it was made at another rate; set settings.rate_hz"
            )


@dataclass(frozen=True)
class _Letter:
    text: str
    start_s: float
    end_s: float


def _letters(answer: Mapping[str, Any]) -> list[_Letter]:
    """The answer's characters with their times; none if they are missing, or make no sense."""
    told = answer.get("alignment")
    if not isinstance(told, Mapping):
        return []
    names = ("characters", "character_start_times_seconds", "character_end_times_seconds")
    lists = [told.get(name) for name in names]
    if not all(isinstance(one, list) for one in lists) or len({len(one) for one in lists}) != 1:  # type: ignore[arg-type]
        return []
    try:
        found = [_Letter(str(c), float(a), float(b)) for c, a, b in zip(*lists, strict=True)]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []
    times = [time for letter in found for time in (letter.start_s, letter.end_s)]
    if not all(math.isfinite(time) and time >= 0 for time in times):
        return []
    ordered = all(a.start_s <= b.start_s + 1e-3 for a, b in pairwise(found))
    return found if ordered and all(b.end_s >= b.start_s for b in found) else []


def _spans(letters: Sequence[_Letter], written: Sequence[str]) -> list[tuple[float, float]] | None:
    """Start and end of each word, by its letters; None if the words are not all found in order."""
    text = "".join(letter.text.lower() for letter in letters)
    owners = [at for at, letter in enumerate(letters) for _ in letter.text.lower()]
    spans: list[tuple[float, float]] = []
    at = 0
    for word in written:
        begin = text.find(word.lower(), at)
        if begin < 0 or any(c.isalnum() for c in text[at:begin]):
            return None
        at = begin + len(word)
        first, last = letters[owners[begin]], letters[owners[at - 1]]
        start_s = max(first.start_s, spans[-1][1] if spans else 0.0)
        if last.end_s <= start_s:
            return None
        spans.append((start_s, last.end_s))
    return spans
