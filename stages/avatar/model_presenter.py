"""Presenter engine for GPUs: a talking-head model of diffusers that makes a portrait speak."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import cv2
import numpy as np

from schemas.asset import Asset
from schemas.presenter_preset import PresenterPreset
from stages.avatar.engine import Performance, PresenterEngine, Take
from stages.avatar.process.checks import check_voice
from stages.avatar.process.footage import lips_in
from stages.avatar.talking.cutout import cut_out
from stages.avatar.talking.driving import Driver
from stages.avatar.talking.filming import Studio, film
from stages.avatar.talking.loading import load_model
from stages.avatar.talking.portrait import framed
from stages.avatar.track import write_track
from stages.base import Media, Reject
from stages.shared.diffusion.loading import ModelRefused
from stages.shared.diffusion.weights import fetched

LOOKED_AT = 7
"""Frames of a take in which a face must be found, spread over those that are seen: in one at
least."""


@dataclass(frozen=True, kw_only=True)
class ModelPresenter(PresenterEngine):
    """Films each stretch on screen with a model that is driven by motion, or by the voice.

    What was run so far: tiny random checkpoints on a CPU, with torch 2.13.0, diffusers 0.42.1 and
    transformers 5.23.0. No real weights, and no GPU. The same request gives the same frames; across
    GPU types a model's arithmetic differs.
    """

    name: ClassVar[str] = "presenter_model"
    version: ClassVar[str] = "1"

    preset: PresenterPreset = field(metadata={"place": True})
    """How the model is loaded and called; what of it changes a pixel is the engine's `identity`."""
    model: Asset | str
    """A folder as `save_pretrained` writes it, or a hub id ("owner/name")."""
    revision: str | None = None
    """Commit of the hub's repository, 40 hex digits; needed for a hub id."""
    portrait: Asset
    consent: str
    """By whose leave the portrait is shown, as a sentence for reviewers."""
    driver: Driver | None = None
    """Who performs for a model that is driven by motion: a host, or a rig."""
    background: Literal["keep", "cut"] = "keep"
    _loaded: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what would change under its key, or cannot be filmed."""
        if isinstance(self.model, str) and not self.revision:
            raise ValueError(f"model {self.model!r} is a hub id; give the commit as `revision`")
        if not self.consent.strip():
            raise ValueError("consent is empty: say by whose leave the portrait is shown")
        if (self.preset.drive == "motion") != (self.driver is not None):
            needs = "needs a driver" if self.driver is None else "takes no driver"
            raise ValueError(f"preset {self.preset.name} is driven by {self.preset.drive}: {needs}")

    @property
    def identity(self) -> str:
        """What of the preset changes a pixel."""
        return json.dumps(self.preset.making(), sort_keys=True)

    def prepare(self) -> None:
        """Fetch what lies on the hub to its cache on this node; folders are used as they are."""
        if isinstance(self.model, str):
            fetched(self.model, self.revision)

    def load(self) -> None:
        """Load a hub id's model. A folder's is loaded by the first take."""
        cv2.setNumThreads(1)
        if self.driver is not None:
            self.driver.load()
        if isinstance(self.model, str):
            self._loaded["model"] = load_model(self.preset, fetched(self.model, self.revision))

    def perform(self, performance: Performance, media: Media) -> Take:
        """Film and encode the take. Raises `Reject` for an unusable portrait or voice, and for a
        film that shows nobody."""
        frames = self.frames(performance, media)  # filmed now: an encoder does not wait minutes
        path, kept = media.scratch("presenter.mp4"), []
        seen = [i for i, share in enumerate(performance.visibility) if share > 0.0]
        places = np.unique(np.linspace(0, len(seen) - 1, LOOKED_AT).astype(int))
        looked_at = {seen[n] for n in places}

        def drawn() -> Iterator[np.ndarray | None]:
            for i, frame in enumerate(frames):
                if i in looked_at and frame is not None:
                    kept.append(frame)
                yield frame

        size_px, fps = performance.size_px, performance.fps
        write_track(path, drawn(), performance.visibility, size_px, fps)
        lips = lips_in(kept)
        if lips is None:
            raise Reject(
                "presenter_model_no_face",
                f"The model {self.preset.name} made a film in which no face is found.",
                another_seed=True,
            )
        return Take(path, lips)

    def frames(self, performance: Performance, media: Media) -> Iterator[np.ndarray | None]:
        """What `perform` encodes: BGRA frames of the stretches on screen, None between them. All
        is filmed when this returns."""
        check_voice(performance.voice)
        if "portrait" not in self._loaded:
            self._loaded["portrait"] = framed(media.open(self.portrait), self.preset.side)
        studio = Studio(self._ready(media), self.preset, self._loaded["portrait"], self.driver)
        films = [_filmed(studio, performance, span, media) for span in performance.spans]
        return self._finished(films, performance)

    def _finished(
        self, films: list[list[np.ndarray]], performance: Performance
    ) -> Iterator[np.ndarray | None]:
        """Frames of the films in their places, uint8 (size, size, 4) BGRA; None between them."""
        size_px, at = performance.size_px, 0
        for (first, behind), pictures in zip(performance.spans, films, strict=True):
            yield from [None] * (first - at)
            for picture in pictures:
                if self.background == "cut":
                    whole = cut_out(picture)
                else:
                    whole = cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA)
                method = cv2.INTER_AREA if size_px < len(picture) else cv2.INTER_CUBIC
                yield cv2.resize(whole, (size_px, size_px), interpolation=method)
            at = behind
        yield from [None] * (len(performance.visibility) - at)

    def _ready(self, media: Media) -> Any:
        """The loaded model. A refusal is kept: for every spot alike, and at no cost."""
        if (refused := self._loaded.get("refused")) is not None:
            raise refused
        if "model" not in self._loaded:
            cv2.setNumThreads(1)
            at = self.model
            folder = media.open(at) if isinstance(at, Asset) else fetched(at, self.revision)
            try:
                self._loaded["model"] = load_model(self.preset, folder)
            except ModelRefused as error:
                self._loaded["refused"] = error
                raise
        return self._loaded["model"]


def _filmed(
    studio: Studio, performance: Performance, span: tuple[int, int], media: Media
) -> list[np.ndarray]:
    """One stretch, a picture per frame of it: uint8 (side, side, 3) RGB.

    It is filmed at the model's rate on the spot's clock; each frame of the spot takes the nearest.
    Mixing two of them would blur lips.
    """
    fps, rate = performance.fps, studio.preset.frames.fps
    times_s = [(performance.first_frame + n) / fps for n in range(*span)]
    begin = math.floor(times_s[0] * rate + 1e-6)
    count = math.ceil(times_s[-1] * rate - 1e-6) - begin + 1
    asked = replace(performance, first_frame=begin, visibility=(1.0,) * count, fps=rate)
    video = film(studio, asked, media)
    return [video[round(time_s * rate) - begin] for time_s in times_s]
