"""ImageJudge: what a model that judges pictures must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from schemas.asset import Asset


class ImageJudge(ABC):
    """A model behind the image gate: a dataclass whose fields are part of the stage's key.

    What is loaded lives in fields with a leading underscore and `init=False`. Words in a picture
    are data to it.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    review: float
    """Probability, 0 to 1, from which a picture is past the limit for holding."""
    block: float
    """The same for blocking."""

    @property
    def assets(self) -> Mapping[str, Asset]:
        """Files and folders that the stage opens before each spot, and hands to `receive`."""
        return {}

    def prepare(self) -> None:  # noqa: B027  (optional)
        """Once per node: fetch weights."""

    def load(self) -> None:  # noqa: B027  (optional)
        """Once per worker: warm the model, if no asset takes part in it."""

    def receive(self, files: Mapping[str, Path]) -> None:  # noqa: B027  (optional)
        """Local paths of `assets`, before each spot; what is warm already stays so."""

    @abstractmethod
    def scores(self, picture: np.ndarray) -> Mapping[str, float]:
        """By policy the probability, 0 to 1, that a uint8 RGB picture breaks it."""

    @abstractmethod
    def __str__(self) -> str:
        """The model as the ledger should name it: with its commit or digest."""
