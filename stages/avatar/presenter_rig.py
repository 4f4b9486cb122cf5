"""Presenter engine for any CPU: a rig of rendered mouths, eyes and head poses, morphed in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import cv2
import numpy as np

from schemas.asset import Asset
from schemas.layout import Box
from stages.avatar.bust import Bust
from stages.avatar.engine import Performance, PresenterEngine, Take
from stages.avatar.morph import Blend
from stages.avatar.motion import Motion, plan_motion
from stages.avatar.mouth import MouthBlend
from stages.avatar.rig import Rig, load_rig
from stages.avatar.track import write_track
from stages.avatar.visemes import viseme_weights
from stages.base import Media
from stages.shared.lip_sync import VISEMES

_LID_HASTE = 3.0
"""A closing lid hides the iris by the first third of its way from half open."""


@dataclass
class _Model:
    """A rig with its flows, made once per worker."""

    sha256: str
    rig: Rig
    mouth: MouthBlend
    lids: Blend
    busts: dict[int, Bust]

    def bust(self, size_px: int) -> Bust:
        """The bust that draws at this size, made once."""
        if size_px not in self.busts:
            self.busts[size_px] = Bust(self.rig, size_px)
        return self.busts[size_px]


@dataclass(kw_only=True)
class PresenterRig(PresenterEngine):
    """Speaks with the fifteen visemes of a rig, driven by the phonemes alone.

    `rig` is a folder asset: `presenter.json`, a base picture with alpha whose bust reaches the
    lower edge, mouth and eye sprites and, for depth, three head poses.
    """

    name: ClassVar[str] = "presenter_rig"
    version: ClassVar[str] = "2"

    rig: Asset
    _model: _Model | None = field(init=False, repr=False, compare=False, default=None)

    def load(self) -> None:
        """One thread per worker: parallel flow would differ with the number of cores."""
        cv2.setNumThreads(1)

    def frames(self, performance: Performance, media: Media) -> Iterator[np.ndarray | None]:
        """What `perform` encodes: BGRA frames, None where she is not seen. Raises `Reject`."""
        model = self._warm(media)
        yield from _frames(model, *_played(model, performance), performance.visibility)

    def perform(self, performance: Performance, media: Media) -> Take:
        """Draw and encode the take. Raises `Reject` if the rig cannot be used."""
        model = self._warm(media)
        bust, motion, weights = _played(model, performance)
        path = media.scratch("presenter.mp4")
        write_track(
            path,
            _frames(model, bust, motion, weights, performance.visibility),
            performance.visibility,
            performance.size_px,
            performance.fps,
        )
        return Take(path, _lip_box(model, bust, motion))

    def _warm(self, media: Media) -> _Model:
        if self._model is None or self._model.sha256 != self.rig.sha256:
            cv2.setNumThreads(1)
            rig = load_rig(media.open(self.rig))
            eyes = {name: rig.eyes.sprites[name] for name in ("half", "open", "closed")}
            self._model = _Model(
                self.rig.sha256, rig, MouthBlend(rig.mouth.sprites, "sil"), Blend(eyes, eyes), {}
            )
        return self._model


def _played(model: _Model, performance: Performance) -> tuple[Bust, Motion, np.ndarray]:
    """Who draws, and posture and visemes of each frame of the take."""
    frames = np.arange(len(performance.visibility)) + performance.first_frame
    times_s = frames / performance.fps
    motion = plan_motion(performance.phonemes, performance.sentences, times_s, performance.seed)
    weights = viseme_weights(
        performance.phonemes, times_s + performance.audio_lead_s, model.rig.visemes
    )
    return model.bust(performance.size_px), motion, weights


def _frames(
    model: _Model,
    bust: Bust,
    motion: Motion,
    weights: np.ndarray,
    visibility: tuple[float, ...],
) -> Iterator[np.ndarray | None]:
    """BGRA frames of the take, None where she is not seen."""
    for i, seen in enumerate(visibility):
        if seen <= 0.0:
            yield None
            continue
        canvas = model.rig.base.copy()
        model.rig.mouth.paste(canvas, _mouth(model.mouth, weights[i]))
        if motion.lids[i] > 0.01:
            model.rig.eyes.paste(canvas, _lids(model.lids, float(motion.lids[i])))
        yield bust.draw(canvas, motion, i)


def _mouth(mouth: MouthBlend, weights: np.ndarray) -> np.ndarray:
    """The mouth of one frame, from the (at most two) shapes that have weight."""
    second, first = (int(i) for i in np.argsort(weights, kind="stable")[-2:])
    a, b = sorted((first, second))  # one pair, one flow, whichever leads
    share = float(weights[b] / (weights[a] + weights[b]))
    return mouth.mix(VISEMES[a], VISEMES[b], share)


def _lids(lids: Blend, closure: float) -> np.ndarray:
    if closure <= 0.5:
        return lids.mix("open", "half", 2.0 * closure)
    return lids.mix("half", "closed", 2.0 * closure - 1.0, haste=_LID_HASTE)


def _lip_box(model: _Model, bust: Bust, motion: Motion) -> Box:
    """Around the lips in all shapes and postures of the take, as fractions of its picture."""
    x, y = model.rig.mouth.box_px[:2]
    x0, y0, x1, y1 = model.mouth.lips_px()
    reached = bust.reach((x + x0, y + y0, x + x1, y + y1), motion)
    side = bust.canvas_px
    low, high = [v / side for v in reached[:2]], [v / side for v in reached[2:]]
    return Box(max(0.0, low[0]), max(0.0, low[1]), min(1.0, high[0]), min(1.0, high[1]))
