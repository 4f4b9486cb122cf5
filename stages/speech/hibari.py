"""The embedded voice: hibari, an 8 MB ONNX model in its wheel that runs on one CPU core."""

from __future__ import annotations

import functools
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from stages.speech import misaki
from stages.speech.engine import SpeechEngine, SpokenWord, TimedPhoneme, Unspeakable, Utterance

RATE_HZ = 24_000
DURATION_S = 0.025
"""The model counts durations in pairs of its 12.5 ms frames."""
LATE_S = 0.070
"""How much later its durations run than its sound: median over the eight demo scripts."""
SPACE_SHARE = 0.7
"""Part of the time between two words that belongs to the first, by the same measurement."""
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
    _g2p: Any = field(init=False, repr=False, compare=False, default=None)
    _ids: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def load(self) -> None:
        """Load the voice and its reading rules: about 1.5 CPU seconds and 200 MB."""
        if self._session is None:
            self._session, self._g2p, self._ids = _open_voice()

    def speak(self, words: Sequence[SpokenWord], speed: float) -> Utterance:
        """See `SpeechEngine.speak`."""
        from hibari import dsp  # type: ignore[import-untyped]

        symbols, owners = self._symbols(words)
        ids = np.array([[0, *(self._ids[symbol] for symbol in symbols), 0]], np.int64)
        feed = {"ids": ids, "speed": np.array([speed], np.float32)}
        *spectra, durations = self._session.run(None, feed)
        rng = np.random.default_rng(NOISE_SEED)
        samples = dsp.synth(*(spectrum[0] for spectrum in spectra), rng)
        edges_s = np.maximum(np.cumsum(durations.ravel()) * DURATION_S - LATE_S, 0.0)
        timed = []
        for index in range(len(words)):
            places = [place for place, owner in enumerate(owners) if owner == index]
            first, last = places[0], places[-1] + 1
            timed.append(
                misaki.timed_phonemes(symbols[first:last], edges_s[first : last + 1].tolist())
            )
        paused = [bool(word.pause) for word in words]
        return Utterance(samples, RATE_HZ, _shared_spaces(timed, paused))

    def _symbols(self, words: Sequence[SpokenWord]) -> tuple[str, list[int]]:
        """The model's symbols for a sentence and, for each, its word's index, or -1 between."""
        for word in words:
            if not word.phonemes and not _is_latin(word.text):
                raise Unspeakable(word.text)
        text = " ".join(_link(word) + word.pause for word in words)
        tokens = self._g2p.phonemize_tokens(self._g2p.tokenize(text))
        symbols, owners, at = "", [], 0
        for token in tokens:
            said = [symbol for symbol in token.phonemes or "" if symbol in self._ids]
            symbols += "".join(said)
            owners += [-1 if symbol == " " or symbol in misaki.PAUSES else at for symbol in said]
            if token.whitespace:
                at += 1
                symbols += " "
                owners.append(-1)
        for index, word in enumerate(words):
            own = (symbols[place] for place, owner in enumerate(owners) if owner == index)
            if all(symbol in misaki.MARKS for symbol in own):
                raise Unspeakable(word.text)
        return symbols, owners


def _is_latin(text: str) -> bool:
    """Whether all letters are Latin: for others the reading rules guess at a foreign accent."""
    return all(unicodedata.name(c, "").startswith("LATIN") for c in text if c.isalpha())


def _link(word: SpokenWord) -> str:
    """A word as the reading rules take it; given phonemes go in as a link's target."""
    if not word.phonemes:
        return word.text
    return f"[{word.text}](/{misaki.from_arpabet(word.phonemes)}/)"


def _shared_spaces(
    words: Sequence[tuple[TimedPhoneme, ...]], paused: Sequence[bool]
) -> tuple[tuple[TimedPhoneme, ...], ...]:
    """Close the gap that a space leaves between words that run on."""
    joined = [list(words[0])]
    for index, word in enumerate(words[1:]):
        last, first = joined[-1][-1], word[0]
        if not paused[index]:
            edge_s = last.end_s + SPACE_SHARE * (first.start_s - last.end_s)
            joined[-1][-1] = replace(last, end_s=edge_s)
            word = (replace(first, start_s=edge_s), *word[1:])
        joined.append(list(word))
    return tuple(tuple(word) for word in joined)


@functools.cache
def _open_voice() -> tuple[Any, Any, dict[str, int]]:
    """The voice's session, with its durations as one more output; reading rules; symbols."""
    import hibari
    import onnx
    import onnxruntime
    from hibari.g2p import G2P

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
    return session, G2P(), symbols
