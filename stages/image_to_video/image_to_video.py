"""Image to video: animates the product picture, one clip per shot, cut to the spoken sentences."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from schemas.arrow_types import SHOT
from schemas.asset import Asset
from schemas.layout import DEFAULT_FORMATS, Format
from stages.base import Hardware, Media, Stage, Verdict
from stages.image_to_video.camera_motion import CameraMotion
from stages.image_to_video.clip_gates import (
    check_clip_gates,
    judge_clips,
    reject_clips,
)
from stages.image_to_video.clip_metrics import measure_clip, worst_of
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.first_frame import first_frame
from stages.image_to_video.further_formats import FurtherFormats
from stages.image_to_video.moves import INSTEAD, MOVES
from stages.image_to_video.shots import PlannedShot, plan_shots
from stages.image_to_video.snapping import on_beat_metrics
from stages.image_to_video.subject_score import SubjectScore
from stages.shared.beats import Beats
from stages.shared.bed import RATE_HZ as BED_HZ
from stages.shared.bed import beats_under
from stages.shared.ffmpeg import decode_audio, decode_frames
from stages.shared.gates import Gate


@dataclass(kw_only=True)
class ImageToVideo(Stage):
    """Plans the shots and lets the engine render a clip of each.

    A clip is longer than its shot by the crossfade, except the last: the next shot's beginning
    and this one's end overlap there.
    """

    name: ClassVar[str] = "image_to_video"
    reads: ClassVar[tuple[str, ...]] = ("photo_uri", "cutout_uri", "sentences", "accent")
    writes: ClassVar[pa.Schema] = pa.schema([pa.field("shots", pa.list_(SHOT))])
    version: ClassVar[str] = "1"
    seeded: ClassVar[bool] = True

    engine: ClipEngine = field(default_factory=CameraMotion)
    formats: tuple[Format, ...] = field(default=DEFAULT_FORMATS, metadata={"place": True})
    """What the spot is made in; all that is measured is measured on the first. Of the layout only
    the products' areas are in the key: a caption that moves draws no clip again."""
    length_s: float = 15.0
    """Length of the spot; a whole number of frames."""
    crossfade_s: float = 0.4
    """Overlap of neighbouring clips, rounded up to a whole frame."""
    min_end_card_s: float = 2.4
    """Shortest end card: price and call to action take that long to read."""
    max_end_card_s: float = 3.6
    """Longest end card: a still one loses the eye."""
    min_shot_s: float = 1.8
    """Shortest other shot; a shorter sentence joins its neighbour's shot."""
    max_shot_s: float = 6.0
    """Longest other shot; a longer one is parted."""
    snap_cuts: bool = False
    """Whether cuts move to the beat of the music. It then reads the words and the music, too: other
    music makes other clips."""
    camera: str | None = None
    """One camera move for all shots, of `moves.MOVES`; None lets the plan vary them."""
    subject_model: Asset | None = None
    """Folder of a vision model (DINOv2, CLIP) that generated clips are judged by, as well."""
    gates: tuple[Gate, ...] = ()
    """(metric of `clip_gates.METRICS`, least, most) that a generated clip must meet."""
    # Where and how long it works changes no pixel, so none of these is part of the key.
    hardware: Hardware = field(default=Hardware(cpus=1, memory_gb=0.7), metadata={"place": True})
    seconds_hint: float = field(default=18.0, metadata={"place": True})
    timeout_s: float = field(default=600.0, metadata={"place": True})

    _subject_score: dict[str, Any] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        """Refuse lengths that can't be planned, and add what the engine reads."""
        more = ("words", "music") if self.snap_cuts else ()
        self.reads = tuple(dict.fromkeys((*type(self).reads, *more, *self.engine.reads)))  # type: ignore[misc]
        frames = self.length_s * self.formats[0].fps
        if abs(frames - round(frames)) > 1e-6:
            raise ValueError(f"length_s {self.length_s:g} is not a whole number of frames")
        if not 0 < self.min_end_card_s <= self.max_end_card_s <= self.length_s - self.min_shot_s:
            raise ValueError(
                f"an end card of {self.min_end_card_s:g} to {self.max_end_card_s:g} s and a shot of"
                f" {self.min_shot_s:g} s do not fit into {self.length_s:g} s"
            )
        check_clip_gates(self.gates)
        can = self.engine.moves or MOVES
        if self.camera is not None and self.camera not in can:
            raise ValueError(
                f"camera {self.camera!r} is not a move of {self.engine.name}; it has"
                f" {', '.join(can)}"
            )
        if self.max_shot_s < 2 * self.min_shot_s:
            raise ValueError(
                f"max_shot_s {self.max_shot_s:g} must be twice min_shot_s {self.min_shot_s:g} or"
                " more, or a long shot could not be parted"
            )

    @property
    def identity(self) -> str:
        """Of the formats what clips depend on, for the key."""
        return json.dumps(
            [
                [form.name, form.width_px, form.height_px, form.fps]
                + [[name, *astuple(form.shots[name].product)] for name in sorted(form.shots)]
                for form in self.formats
            ]
        )

    def prepare(self) -> None:
        """See `Stage.prepare`."""
        self.engine.prepare()

    def load(self) -> None:
        """See `Stage.load`."""
        self.engine.load()

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`."""
        seed = int(spot.get("seed") or 0)
        fps = self.formats[0].fps
        beats = self._beats(spot, media)
        planned = self._planned(spot, beats, seed)
        extra = math.ceil(self.crossfade_s * fps - 1e-6)
        overlaps = [0 if shot is planned[-1] else extra for shot in planned]
        files = {name: media.open(found) for name, found in self.engine.assets.items()}
        if self.subject_model is not None:
            files["subject"] = media.open(self.subject_model)
        if "control" in self.reads and (given := spot.get("control")):
            files["control"] = media.open(Asset(given["uri"], given["sha256"]))
        requests = [
            self._request(shot, overlap, spot, seed, media, files)
            for shot, overlap in zip(planned, overlaps, strict=True)
        ]
        paths = [media.scratch(f"shot_{shot.index}.mp4") for shot in planned]
        clips = self.engine.render_all(requests, paths)
        metrics = {"clip_count": float(len(clips))}
        if self.snap_cuts:
            cuts = [shot.start_frame / fps for shot in planned[1:]]
            metrics |= on_beat_metrics(cuts, beats, 1 / fps)
        for clip in clips:
            metrics.update(clip.metrics)
        metrics |= self._measured(requests, clips, paths)
        verdicts = (self._verdict([clip.mode for clip in clips]), *judge_clips(metrics, self.gates))
        reject_clips(metrics, verdicts)
        further = FurtherFormats(self.engine, self.formats[1:], media.save, media.scratch)
        shots = [
            self._row(shot, request, clip, overlap, media.save(path), further)
            for shot, request, clip, overlap, path in zip(
                planned, requests, clips, overlaps, paths, strict=True
            )
        ]
        metrics["clip_count"] += further.drawn
        return {"shots": shots, "metrics": metrics, "verdicts": list(verdicts)}

    def _beats(self, spot: Mapping[str, Any], media: Media) -> Beats:
        """The beats of the spot's music as the mix will have it; none where none are asked for."""
        music = spot.get("music") if self.snap_cuts else None
        if not music:
            return Beats(0.0, (), 0.0)
        sound = decode_audio(media.open(Asset(**music)), BED_HZ, channels=2)
        return beats_under(sound, self.length_s)

    def _planned(self, spot: Mapping[str, Any], beats: Beats, seed: int) -> list[PlannedShot]:
        return plan_shots(
            spot["sentences"] or [],
            length_s=self.length_s,
            fps=self.formats[0].fps,
            min_shot_s=self.min_shot_s,
            max_shot_s=self.max_shot_s,
            min_end_card_s=self.min_end_card_s,
            max_end_card_s=self.max_end_card_s,
            seed=seed,
            words=(spot.get("words") or []) if self.snap_cuts else [],
            beats_s=beats.times_s,
        )

    def _measured(
        self, requests: Sequence[ClipRequest], clips: Sequence[RenderedClip], paths: Sequence[Path]
    ) -> dict[str, float]:
        """Quality of what a model made: the worst clip counts. What was drawn is not measured."""
        found = [
            measure_clip(path, request, clip.product_box) | self._subject(path, request)
            for path, request, clip in zip(paths, requests, clips, strict=True)
            if clip.mode == "generated"
        ]
        return worst_of(found)

    def _subject(self, path: Path, request: ClipRequest) -> dict[str, float]:
        """The subject score, where a vision model is given."""
        if self.subject_model is None:
            return {}
        if "model" not in self._subject_score:
            self._subject_score["model"] = SubjectScore(request.files["subject"])
        form = request.format
        size = (form.width_px // 4 * 2, form.height_px // 4 * 2)
        frames = np.stack(list(decode_frames(path, *size)))
        picture = first_frame(request, *size)
        return {"clip_subject": self._subject_score["model"].score(picture, frames)}

    def _request(
        self, shot: PlannedShot, overlap: int, spot: Mapping[str, Any], seed: int, media: Media,
        files: Mapping[str, Path],
    ) -> ClipRequest:  # fmt: skip
        form = self.formats[0]
        cutout = spot.get("cutout_uri")
        return ClipRequest(
            photo=media.open(spot["photo_uri"]),
            cutout=media.open(cutout) if cutout else None,
            format=form,
            layout=shot.layout,
            areas=form.shots[shot.layout],
            move=self.camera or self._possible(shot.move),
            frames=shot.end_frame - shot.start_frame + overlap,
            accent=spot["accent"] or "#808080",
            seed=seed,
            shot=shot.index,
            files=files,
            texts={n: str(spot.get(n) or "") for n in self.engine.reads if n != "control"},
        )

    def _possible(self, move: str) -> str:
        """The planned move, or the nearest to it that the engine can do."""
        can = self.engine.moves
        if can is None or move in can:
            return move
        return next((other for other in INSTEAD[move] if other in can), can[0])

    def _row(
        self, shot: PlannedShot, request: ClipRequest, clip: RenderedClip, overlap: int, uri: str,
        further: FurtherFormats,
    ) -> dict[str, Any]:  # fmt: skip
        fps = self.formats[0].fps
        box = clip.product_box
        return {
            "index": shot.index,
            "layout": shot.layout,
            "move": request.move,
            "start_s": shot.start_frame / fps,
            "end_s": shot.end_frame / fps,
            "handle_s": overlap / fps,
            "uri": uri,
            "product_box": {"x0": box.x0, "y0": box.y0, "x1": box.x1, "y1": box.y1},
            "others": further.clips(request, clip, uri),
        }

    def _verdict(self, modes: list[str]) -> Verdict:
        mode = ", ".join(dict.fromkeys(modes))
        return Verdict(self.name, "picture_mode", "pass", f"{self.engine.name}: {mode}")
