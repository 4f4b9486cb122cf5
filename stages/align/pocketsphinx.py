"""The default aligner: Pocketsphinx, words and phonemes, English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from stages.align.engine import WordAligner
from stages.shared.aligner import Aligner, Span, Word


@dataclass(kw_only=True)
class Pocketsphinx(WordAligner):
    """`shared.aligner.Aligner`: a hidden Markov model in the wheel, 0.4 CPU seconds per spot."""

    name: ClassVar[str] = "pocketsphinx"
    version: ClassVar[str] = "1"
    finds_phonemes: ClassVar[bool] = True

    _aligner: Aligner | None = field(init=False, repr=False, compare=False, default=None)

    def load(self) -> None:
        """See `WordAligner.load`: the acoustic model and its dictionary."""
        if self._aligner is None:
            self._aligner = Aligner()

    def find(self, samples: np.ndarray, words: Sequence[Word]) -> list[Span] | None:
        """See `WordAligner.find`."""
        assert self._aligner is not None, "load() comes before find()"
        return self._aligner.find(samples, words, parts=True)
