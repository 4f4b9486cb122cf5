"""The interface of an engine that animates a product picture into one clip."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from schemas.asset import Asset
from schemas.layout import Box, Format, ShotLayout


@dataclass(frozen=True)
class ClipRequest:
    """One shot to render.

    `photo` is an RGB picture, `cutout` an RGBA one of the same product with straight alpha, or
    None. The clip has `frames` frames at the format's size and rate, the crossfade's included.
    `layout` names the kind of shot, `areas` says where its things stand. `accent` is "#rrggbb".
    `seed` is the spot's: all shots of a spot share it, `shot` (0, 1, ...) tells them apart.
    `weights` is the engine's `weights_asset` on local disk, `texts` the columns of its `reads`.
    """

    photo: Path
    cutout: Path | None
    format: Format
    layout: str
    areas: ShotLayout
    move: str
    frames: int
    accent: str
    seed: int
    shot: int
    weights: Path | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RenderedClip:
    """What was rendered: the union over the clip of where the product is, and how it was made.

    `product_box` is in fractions of the frame, cut at its edges. `mode` is a word for people and
    the ledger, such as "studio" or "card".
    """

    product_box: Box
    mode: str


class ClipEngine(ABC):
    """Renders clips. An engine is a dataclass: its fields are part of the stage's key. What `load`
    makes goes into fields with `init=False` and a leading underscore.

    The same request must give the same bytes, whoever else is rendered beside it. A new engine
    joins the suite in `tests/stages/test_image_to_video_engines.py`, which every one must pass.
    """

    name: ClassVar[str]
    """The word for it in the ledger."""
    version: ClassVar[str]
    """Bump when its output would change."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that it needs beside the stage's own; `ClipRequest.texts` holds them."""
        return ()

    @property
    def weights_asset(self) -> Asset | None:
        """The folder of its model, opened by the stage; None if it has none or fetches its own."""
        return None

    def prepare(self) -> None:  # noqa: B027  (optional)
        """Once per node: fetch weights to local disk."""

    def load(self) -> None:  # noqa: B027  (optional)
        """Once per worker: warm the model."""

    @abstractmethod
    def render(self, request: ClipRequest, path: Path) -> RenderedClip:
        """Render the clip to `path`, a mezzanine as `stages.shared.frames` writes it."""
