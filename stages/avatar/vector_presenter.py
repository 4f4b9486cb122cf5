"""Presenter engine for any CPU: a host drawn with skia, in the brand's colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from schemas.host import Host
from schemas.layout import Box
from stages.avatar.engine import Performance, PresenterEngine, Take
from stages.avatar.motion import plan_motion
from stages.avatar.track import write_track
from stages.avatar.vector.expression import plan_expression
from stages.avatar.vector.lips import shape_of
from stages.avatar.vector.posture import Pose, pose_of
from stages.avatar.vector.puppet import Look, Puppet, one_thread
from stages.avatar.visemes import viseme_weights
from stages.base import Media

_LIP_MARGIN = 0.004
"""Around the lips in the box that is told, as a fraction of the picture."""


@dataclass(kw_only=True)
class VectorPresenter(PresenterEngine):
    """Speaks with drawn lips, driven by the phonemes alone; fifteen visemes, eight parameters.

    Colours of the host that are named `accent`, `ink` or `paper` are the brand's.
    """

    name: ClassVar[str] = "vector_presenter"
    version: ClassVar[str] = "1"

    host: Host = field(metadata={"place": True})
    """Shapes and colours; what of it is drawn is the engine's `identity`."""
    accent: str = field(default="#e4572e", metadata={"place": True})
    ink: str = field(default="#1d1f24", metadata={"place": True})
    paper: str = field(default="#ffffff", metadata={"place": True})
    _puppets: dict[int, Puppet] = field(init=False, repr=False, compare=False, default_factory=dict)

    @property
    def drawn(self) -> Host:
        """The host in its final colours."""
        return self.host.in_colours(self.accent, self.ink, self.paper)

    @property
    def identity(self) -> str:
        """All of the host that shows, for the key: a brand colour that is not worn is none."""
        return self.drawn.model_dump_json(exclude={"title"})

    def load(self) -> None:
        """One thread per worker."""
        one_thread()

    def frames(self, performance: Performance, media: Media) -> Iterator[np.ndarray | None]:
        """What `perform` encodes: BGRA frames, None where the host is not seen."""
        puppet = self._puppet(performance.size_px)
        yield from _frames(puppet, _played(performance), performance.visibility)

    def perform(self, performance: Performance, media: Media) -> Take:
        """Draw and encode the take."""
        puppet = self._puppet(performance.size_px)
        played = list(_played(performance))
        path = media.scratch("presenter.mp4")
        write_track(
            path,
            _frames(puppet, played, performance.visibility),
            performance.visibility,
            performance.size_px,
            performance.fps,
        )
        return Take(path, _lip_box(puppet, played))

    def _puppet(self, size_px: int) -> Puppet:
        one_thread()
        if size_px not in self._puppets:
            self._puppets[size_px] = Puppet(self.drawn, size_px)
        return self._puppets[size_px]


def _played(performance: Performance) -> Iterator[tuple[Look, Pose]]:
    """Face and posture of each frame of the take."""
    frames = np.arange(len(performance.visibility)) + performance.first_frame
    times_s = frames / performance.fps
    said = (performance.phonemes, performance.sentences)
    motion = plan_motion(*said, times_s, performance.seed)
    face = plan_expression(*said, times_s, performance.seed)
    weights = viseme_weights(performance.phonemes, times_s + performance.audio_lead_s)
    for i in range(len(frames)):
        mouth = shape_of(weights[i])
        look = Look(
            mouth=mouth,
            lids=float(motion.lids[i]),
            brows=float(face.brows[i]),
            gaze=(float(face.gaze_x[i]), float(face.gaze_y[i])),
        )
        yield look, pose_of(motion, i, mouth.jaw)


def _frames(
    puppet: Puppet, played: Iterable[tuple[Look, Pose]], visibility: tuple[float, ...]
) -> Iterator[np.ndarray | None]:
    """BGRA frames of the take, None where the host is not seen."""
    for (look, pose), seen in zip(played, visibility, strict=True):
        yield puppet.draw(look, pose) if seen > 0.0 else None


def _lip_box(puppet: Puppet, played: list[tuple[Look, Pose]]) -> Box:
    """Around the lips in all frames of the take, as fractions of its picture."""
    boxes = np.array([puppet.lips(look, pose) for look, pose in played])
    x0, y0 = (float(v) - _LIP_MARGIN for v in boxes[:, :2].min(axis=0))
    x1, y1 = (float(v) + _LIP_MARGIN for v in boxes[:, 2:].max(axis=0))
    return Box(max(0.0, x0), max(0.0, y0), min(1.0, x1), min(1.0, y1))
