"""The embedded voice: hibari, an 8 MB ONNX model in its wheel that runs on one CPU core."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from stages.speech.engine import SpeechEngine, SpokenWord, Utterance
from stages.speech.english import EnglishSounds

RATE_HZ = 24_000
DURATION_S = 0.025
"""The model counts durations in pairs of its 12.5 ms frames."""
LATE_S = 0.070
"""How much later its durations run than its sound: median over the eight demo scripts."""
NOISE_SEED = 0
"""The breath in the voice is noise: always the same, so that the same words sound the same."""


@dataclass(kw_only=True)
class HibariVoice(SpeechEngine):
    """Voice "heart", American English, female, 24 kHz, Apache-2.0, with its own durations.

    Its text-to-phoneme rules speak for words without given phonemes.
    """

    name: ClassVar[str] = "hibari"
    version: ClassVar[str] = "0.2.1-1"
    languages: ClassVar[tuple[str, ...]] = ("en",)

    _session: Any = field(init=False, repr=False, compare=False, default=None)
    _ids: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def load(self) -> None:
        """Load the voice and its reading rules: about 1.5 CPU seconds and 200 MB."""
        if self._session is None:
            self._session, self._ids = _open_voice()
            EnglishSounds(self._ids)

    def speak(self, words: Sequence[SpokenWord], speed: float) -> Utterance:
        """See `SpeechEngine.speak`."""
        from hibari import dsp  # type: ignore[import-untyped]

        symbols = EnglishSounds(self._ids).symbols(words)
        ids = np.array([[0, *(self._ids[symbol] for symbol in symbols.text), 0]], np.int64)
        feed = {"ids": ids, "speed": np.array([speed], np.float32)}
        *spectra, durations = self._session.run(None, feed)
        rng = np.random.default_rng(NOISE_SEED)
        samples = dsp.synth(*(spectrum[0] for spectrum in spectra), rng)
        edges_s = np.maximum(np.cumsum(durations.ravel()) * DURATION_S - LATE_S, 0.0)
        return Utterance(samples, RATE_HZ, symbols.timed(edges_s.tolist(), words))


@functools.cache
def _open_voice() -> tuple[Any, dict[str, int]]:
    """The voice's session, with its durations as one more output, and its symbols."""
    import hibari
    import onnx
    import onnxruntime

    assets = Path(hibari.__file__).parent / "assets"
    model = onnx.load(str(assets / "hibari.onnx"))
    sums = [node for node in model.graph.node if node.op_type == "CumSum"]
    if len(sums) != 1:
        raise RuntimeError(
            f"hibari's graph has {len(sums)} CumSum nodes, not the one that adds up its"
            f" durations: install hibari-tts==0.2.1"
        )
    durations = onnx.helper.make_tensor_value_info(sums[0].input[0], onnx.TensorProto.INT64, None)
    model.graph.output.append(durations)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    symbols = json.loads((assets / "vocab.json").read_text(encoding="utf-8"))
    return session, symbols
