"""A safeguard model as judge of pictures: ShieldGemma 2, by hub id, folder or s3://."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from schemas.asset import Asset
from stages.shared.image_gate.image_judge import ImageJudge
from stages.shared.kept_model import KeptModel
from stages.shared.packages import gpu_package

FILES = ("*.json", "*.txt", "*.jinja", "*.model", "*.safetensors")
"""What is fetched of a hub repository: no pickles, no code."""

KIND = "ShieldGemma2ForImageClassification"


@dataclass(kw_only=True)
class ImageSafeguard(KeptModel, ImageJudge):
    """ShieldGemma 2 and what is trained from it: asked of each policy (dangerous, sexual, violence
    are its own) whether the picture breaks it; the score is the probability of "Yes" against "No".

    What was run so far: a tiny checkpoint of random weights on a CPU, through this code; no real
    weights, so what such a model finds has not been measured here. It runs on the GPU if there is
    one.
    """

    name: ClassVar[str] = "image_safeguard"
    version: ClassVar[str] = "1"
    role: ClassVar[str] = "the image safeguard"
    files: ClassVar[tuple[str, ...]] = FILES

    model: Asset | str
    """A folder as `save_pretrained` writes it, or a hub id ("owner/name")."""
    revision: str | None = None
    """Commit of the hub's repository, 40 hex digits; needed for a hub id."""
    review: float = 0.5
    block: float = 0.8

    _loaded: tuple[str, _Model] | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Refuse a model that may change under the same name, and limits the wrong way round."""
        self.check_revision()
        if not 0 < self.review <= self.block <= 1:
            raise ValueError(
                f"review is {self.review:g} and block {self.block:g}; write 0 < review <= block"
                " <= 1"
            )

    def opened(self, folder: Path) -> _Model:
        """See `KeptModel.opened`."""
        return _Model(folder)

    def scores(self, picture: np.ndarray) -> Mapping[str, float]:
        """See `ImageJudge.scores`. Nothing is drawn by lot: same picture, same scores."""
        assert self._loaded is not None, "load() and receive() come before scores()"
        return self._loaded[1].scores(picture)


class _Model:
    """A loaded model and its processor."""

    def __init__(self, folder: Path) -> None:
        transformers, torch = _package("transformers"), _package("torch")
        local = {"local_files_only": True, "trust_remote_code": False}
        config = transformers.AutoConfig.from_pretrained(folder, **local)
        if KIND not in (config.architectures or []):
            named = ", ".join(config.architectures or ["nothing"])
            raise ValueError(
                f"the image safeguard in {folder} is {named}, not {KIND}; take ShieldGemma 2, or"
                " what was trained from it"
            )
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if self._device == "cuda" else torch.float32
        model = getattr(transformers, KIND).from_pretrained(
            folder, use_safetensors=True, dtype=dtype, **local
        )
        self._model = model.to(self._device).eval()
        self._processor = transformers.AutoProcessor.from_pretrained(folder, **local)
        self._check_answers(folder)
        self.policies = list(self._processor.policy_definitions)

    def _check_answers(self, folder: Path) -> None:
        """The answers whose probabilities are read must be those of this tokenizer."""
        ids = (self._model.yes_token_index, self._model.no_token_index)
        said = [self._processor.tokenizer.decode([one]).strip().lower() for one in ids]
        if said != ["yes", "no"]:
            raise ValueError(
                f"the image safeguard in {folder} would be read by its tokens {said[0]!r} and"
                f" {said[1]!r}, which are not yes and no; its tokenizer is another model's"
            )

    def scores(self, picture: np.ndarray) -> dict[str, float]:
        """Probability of "Yes, it breaks it" by policy, all policies in one batch."""
        from PIL import Image

        torch = _package("torch")
        inputs = self._processor(images=[Image.fromarray(picture)], return_tensors="pt")
        inputs = inputs.to(self._device)
        inputs["pixel_values"] = inputs["pixel_values"].to(self._model.dtype)
        with torch.inference_mode():
            yes = self._model(**inputs).probabilities[:, 0].float().tolist()
        return {policy: round(p, 4) for policy, p in zip(self.policies, yes, strict=True)}


def _package(name: str) -> Any:
    return gpu_package(name, "the image safeguard", "judge pictures")
