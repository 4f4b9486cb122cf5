"""KeptModel: a model by hub id or folder, fetched once per node and warm from spot to spot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from schemas.asset import Asset
from stages.shared.weights import fetched_files


class KeptModel:
    """For dataclasses with the fields `model` (an `Asset` of a folder, or a hub id "owner/name"),
    `revision` (the hub repository's commit, 40 hex digits) and `_loaded`.

    It has no fields of its own: what is part of a stage's key is the subclass's to say.
    """

    role: ClassVar[str]
    """What the model is, for people: "the safeguard"."""
    files: ClassVar[Sequence[str]]
    """Patterns of the files that are fetched from the hub."""

    model: Any
    revision: Any
    _loaded: Any

    def opened(self, folder: Path) -> Any:
        """The model of a folder, ready to work."""
        raise TypeError(f"{type(self).__name__} has to say how its model is opened")

    def check_revision(self) -> None:
        """Raises `ValueError` for a model that may change under the same name."""
        if isinstance(self.model, str) and not re.fullmatch(r"[0-9a-f]{40}", self.revision or ""):
            raise ValueError(
                f"{self.role}'s model {self.model!r} is a hub id and its revision is"
                f" {self.revision!r}; give the commit, 40 hex digits"
            )

    def __str__(self) -> str:
        """The model as the ledger names it: with its commit, or the digest of its folder."""
        if isinstance(self.model, Asset):
            name = self.model.uri.rstrip("/").rpartition("/")[2]
            return f"{name} sha256:{self.model.sha256[:16]}"
        return f"{self.model}@{(self.revision or '')[:12]}"

    @property
    def assets(self) -> Mapping[str, Asset]:
        """The folder, if it is one: what the stage opens before each spot, for `receive`."""
        return {"model": self.model} if isinstance(self.model, Asset) else {}

    def prepare(self) -> None:
        """Once per node: a hub id's files."""
        if isinstance(self.model, str):
            fetched_files(self.model, self.revision, self.files)

    def load(self) -> None:
        """Once per worker: a hub id's model; a folder's comes with the first spot."""
        if isinstance(self.model, str):
            self._keep(f"{self.model}@{self.revision}", None)

    def receive(self, files: Mapping[str, Path]) -> None:
        """The local path of `assets`; what is warm already stays so."""
        if isinstance(self.model, Asset):
            self._keep(self.model.sha256, files["model"])

    def _keep(self, key: str, folder: Path | None) -> None:
        if self._loaded is None or self._loaded[0] != key:
            if folder is None:
                folder = fetched_files(str(self.model), self.revision, self.files)
            self._loaded = (key, self.opened(folder))
