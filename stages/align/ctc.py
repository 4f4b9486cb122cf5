"""Forced alignment with a speech model of letters (wav2vec 2.0 and its like) from transformers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from schemas.asset import Asset
from stages.align.engine import WordAligner
from stages.align.trellis import Step, best_path
from stages.shared.aligner import RATE_HZ, Part, Span, Word
from stages.shared.kept_model import KeptModel
from stages.shared.packages import gpu_package

FILES = ("*.json", "*.txt", "*.safetensors")
"""What is fetched of a hub repository: no pickles, no code."""
LEAST_SCORE = -6.0
"""Mean log probability of the letters under which the sound holds other words: chance among the 32
letters of an English model is -3.5, and a trained one is far below chance where it is wrong."""


@dataclass(kw_only=True)
class CtcAligner(KeptModel, WordAligner):
    """Any `AutoModelForCTC` of letters: every language that has such a checkpoint.

    Times come in the model's frames, of 20 ms for wav2vec 2.0, HuBERT and WavLM. It runs on the
    GPU if there is one. What was run so far: a tiny random checkpoint on a CPU, and the search on
    emissions with known truth; no trained weights, so how exact it is has not been measured here.
    """

    name: ClassVar[str] = "ctc"
    version: ClassVar[str] = "1"
    role: ClassVar[str] = "the aligner"
    files: ClassVar[tuple[str, ...]] = FILES
    finds_phonemes: ClassVar[bool] = False

    model: Asset | str
    """A folder as `save_pretrained` writes it, or a hub id ("owner/name")."""
    revision: str | None = None
    """Commit of the hub's repository, 40 hex digits; needed for a hub id."""

    _loaded: tuple[str, _Letters] | None = field(
        init=False, repr=False, compare=False, default=None
    )

    def __post_init__(self) -> None:
        """Refuse a model that may change under the same name."""
        self.check_revision()

    def opened(self, folder: Path) -> _Letters:
        """See `KeptModel.opened`."""
        return _Letters(folder)

    def find(self, samples: np.ndarray, words: Sequence[Word]) -> list[Span] | None:
        """See `WordAligner.find`. The parts of a word are its letters.

        A word begins with its first letter's first frame and ends with the last of its last
        letter, or of the mark between words if the model has one and it follows at once: letters
        are emitted for a frame or two, and a vowel sounds on behind its own.
        """
        assert self._loaded is not None, "load() and receive() come before find()"
        letters = self._loaded[1]
        if not len(samples) or not np.any(samples):
            return None
        tokens, owners = letters.spelled(words)
        if len({owner for owner in owners if owner >= 0}) != len(words):
            return None
        emissions = letters.emissions(samples)
        path = best_path(emissions, tokens, letters.blank)
        if path is None or float(np.mean([step.score for step in path])) < LEAST_SCORE:
            return None
        frame_s = len(samples) / RATE_HZ / len(emissions)
        return [
            _span(index, path, tokens, owners, letters.names, frame_s)
            for index in range(len(words))
        ]


class _Letters:
    """A loaded model and its alphabet."""

    def __init__(self, folder: Path) -> None:
        transformers = _package("transformers")
        torch = _package("torch")
        local = {"local_files_only": True, "trust_remote_code": False}
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        model = transformers.AutoModelForCTC.from_pretrained(folder, use_safetensors=True, **local)
        self._model = model.to(self._device).eval()
        self._features = transformers.AutoFeatureExtractor.from_pretrained(folder, **local)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **local)
        if self._features.sampling_rate != RATE_HZ:
            raise ValueError(
                f"the aligner's model hears at {self._features.sampling_rate} Hz; take one of"
                f" {RATE_HZ} Hz"
            )
        known = tokenizer.get_vocab()
        self.blank: int = tokenizer.pad_token_id
        self.names = {index: letter for letter, index in known.items()}
        mark = getattr(tokenizer, "word_delimiter_token", None)
        self._between: int | None = known.get(mark)
        self._known = {
            letter: n for letter, n in known.items() if len(letter) == 1 and n != self.blank
        }

    def spelled(self, words: Sequence[Word]) -> tuple[list[int], list[int]]:
        """(tokens, the index of each one's word, -1 for a mark between words). Letters that the
        model lacks are left out: their neighbours hold the word."""
        tokens: list[int] = []
        owners: list[int] = []
        for index, word in enumerate(words):
            if index and self._between is not None:
                tokens.append(self._between)
                owners.append(-1)
            own = [found for c in word.spoken if (found := self._letter(c)) is not None]
            tokens += own
            owners += [index] * len(own)
        return tokens, owners

    def _letter(self, character: str) -> int | None:
        if character.isspace():
            return None
        for form in (character, character.upper(), character.lower()):
            if form in self._known:
                return self._known[form]
        return None

    def emissions(self, samples: np.ndarray) -> np.ndarray:
        """Log probabilities, float32 (frames, vocabulary)."""
        torch = _package("torch")
        given = self._features(samples, sampling_rate=RATE_HZ, return_tensors="pt")
        with torch.inference_mode():
            logits = self._model(**given.to(self._device)).logits[0].float()
            found: np.ndarray = torch.log_softmax(logits, dim=-1).cpu().numpy()
        if not np.isfinite(found).all():
            raise FloatingPointError("the aligner's model makes no numbers of this voice")
        return found


def _span(
    index: int, path: Sequence[Step], tokens: Sequence[int], owners: Sequence[int],
    names: Mapping[int, str], frame_s: float,
) -> Span:  # fmt: skip
    """The span of one word, its letters reaching to the next one's first frame."""
    places = [place for place, owner in enumerate(owners) if owner == index]
    first, last = places[0], places[-1]
    behind = path[last].behind
    if last + 1 < len(path) and owners[last + 1] < 0:
        behind = max(behind, path[last + 1].first)
    edges = [path[place].first for place in places] + [behind]
    parts = tuple(
        Part(names[tokens[place]], edges[n] * frame_s, edges[n + 1] * frame_s)
        for n, place in enumerate(places)
    )
    return Span(path[first].first * frame_s, behind * frame_s, parts)


def _package(name: str) -> Any:
    return gpu_package(name, "the CTC aligner of align", "run a speech model")
