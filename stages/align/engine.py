"""The interface of an aligner: known words in, where they are heard out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from schemas.asset import Asset
from stages.shared.aligner import Span, Word


class WordAligner(ABC):
    """A second opinion on when words are said, for the `Align` stage.

    To add one: a file beside this one with a dataclass that sets `name` and `version` and has
    `load` and `find`; its fields are part of the stage's key, what `load` makes is not. What was
    aligned before must have no influence on a result. It joins `ALIGNERS` in
    `tests/stages/test_aligners.py`, the suite that every one must pass.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    finds_phonemes: ClassVar[bool]
    """Whether the parts are ARPAbet symbols, which the mouth is judged by, and not letters."""

    @property
    def assets(self) -> Mapping[str, Asset]:
        """Files and folders that the stage opens for it, such as its model, each by a name."""
        return {}

    def prepare(self) -> None:
        """Once per node: fetch weights to local disk. Most have nothing to fetch."""
        return None

    @abstractmethod
    def load(self) -> None:
        """Once per worker: warm what needs no assets."""

    def receive(self, files: Mapping[str, Path]) -> None:
        """Before each spot: its `assets` on local disk; what needs them is loaded now."""
        return None

    @abstractmethod
    def find(self, samples: np.ndarray, words: Sequence[Word]) -> list[Span] | None:
        """Spans of the words in `samples` (float32, (samples,), at `aligner.RATE_HZ`), in order.

        None if the sound and the words don't match, so that no path through the model is found.
        """
