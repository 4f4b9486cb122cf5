"""Matting: the part of a campaign that says how products are cut out of photos."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Triple = tuple[float, float, float]


class Matting(BaseModel):
    """What is tried where a photo has no transparency and its backdrop is not plain enough to be
    keyed out. Without it such a photo is shown whole, as a card."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    model: Annotated[str, Field(min_length=1)] | None = None
    """ONNX file of a matting or salient-object network (U2-Net, IS-Net, BiRefNet and the like): one
    picture in, (1, 3, height, width), its matte first among what comes out."""
    licence_accepted: bool = False
    """Must be true with a model: read the terms of its weights, some forbid commercial use."""
    size_px: Annotated[int, Field(ge=64, le=2048)] | None = None
    """Side of the square it is shown, for a network that leaves it open; else its own, or 1024."""
    mean: Triple = (0.485, 0.456, 0.406)
    """What it subtracts of red, green and blue in 0 to 1: ImageNet's; IS-Net takes 0.5."""
    std: Triple = (0.229, 0.224, 0.225)
    """What it then divides by: ImageNet's; IS-Net takes 1."""
    grabcut: bool = False
    """GrabCut (Rother et al., 2004) where nothing else finds the product: 2 CPU seconds a photo."""

    @model_validator(mode="after")
    def _has_terms(self) -> Matting:
        if self.model is not None and not self.licence_accepted:
            raise ValueError(
                "licence_accepted false: read the terms of the model's weights, then write true"
            )
        if self.model is not None and not self.model.endswith(".onnx"):
            raise ValueError(f"model {self.model}: give an .onnx file")
        if self.model is None and not self.grabcut:
            raise ValueError("model not set: name an .onnx file, or write grabcut: true")
        if min(self.std) <= 0:
            raise ValueError(f"std {self.std}: each must be above 0")
        return self
