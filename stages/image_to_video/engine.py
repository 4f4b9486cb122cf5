"""The interface of an engine that animates a product picture into one clip."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
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
    `files` are the engine's `assets` on local disk, and "control" the product's own control track
    if the engine reads that column and there is one; `texts` are its other columns.
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
    files: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RenderedClip:
    """What was rendered: the union over the clip of where the product is, and how it was made.

    `product_box` is in fractions of the frame, cut at its edges. `mode` is a word for people and
    the ledger, such as "studio" or "card".
    """

    product_box: Box
    mode: str
    metrics: Mapping[str, float] = field(default_factory=dict)


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

    every_format: ClassVar[bool] = False
    """Whether it draws the same shot again in another format, at no more than the price of its
    pixels. Else the clips of the first format are reframed for the others."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that it needs beside the stage's own; `ClipRequest.texts` holds them."""
        return ()

    @property
    def assets(self) -> Mapping[str, Asset]:
        """Files and folders that the stage opens for it, such as its model, each by a name."""
        return {}

    @property
    def moves(self) -> tuple[str, ...] | None:
        """Camera moves that it can do; None for all of `stages.image_to_video.moves.MOVES`."""
        return None

    def prepare(self) -> None:  # noqa: B027  (optional)
        """Once per node: fetch weights to local disk."""

    def load(self) -> None:  # noqa: B027  (optional)
        """Once per worker: warm the model."""

    def render_all(
        self, requests: Sequence[ClipRequest], paths: Sequence[Path]
    ) -> list[RenderedClip]:
        """The clips of a spot. An engine that is faster at several at once does them together;
        each comes out as if alone."""
        return [self.render(one, path) for one, path in zip(requests, paths, strict=True)]

    @abstractmethod
    def render(self, request: ClipRequest, path: Path) -> RenderedClip:
        """Render the clip to `path`, a mezzanine as `stages.shared.frames` writes it."""
