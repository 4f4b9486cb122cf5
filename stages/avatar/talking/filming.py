"""Has a loaded model film a performance: driven by a driver's motion, or by the voice itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from schemas.presenter_preset import PresenterPreset
from stages.avatar.engine import Performance
from stages.avatar.talking.driving import Driver, driver_motion, face_film
from stages.avatar.talking.loading import called, generator
from stages.avatar.talking.portrait import Portrait
from stages.avatar.talking.skeleton import skeletons
from stages.avatar.talking.voice_latents import frozen, voice_latents
from stages.base import Media
from stages.shared.diffusion.loading import ModelRefused, package


@dataclass(frozen=True)
class Studio:
    """What all takes of a presenter share."""

    model: Any
    preset: PresenterPreset
    portrait: Portrait
    driver: Driver | None
    """For a preset that is driven by motion."""


def film(studio: Studio, performance: Performance, media: Media) -> np.ndarray:
    """One stretch on screen, seen throughout, at the model's rate: uint8 RGB (frames or a few
    more, side, side, 3)."""
    if studio.preset.drive == "motion":
        video = _by_motion(studio, performance, media)
    else:
        video = _by_audio(studio, performance)
    wanted = len(performance.visibility)
    if len(video) < wanted:
        raise ModelRefused(
            f"frames.rule: asked for {wanted} frames by the rule {studio.preset.frames.rule},"
            f" {type(studio.model).__name__} made {len(video)}; name the rule of its model card"
        )
    return np.rint(np.clip(video, 0.0, 1.0) * 255.0).astype(np.uint8)


def said_in(performance: Performance) -> str:
    """The sentences of which something is said in the performance."""
    begin_s = performance.first_frame / performance.fps
    end_s = begin_s + len(performance.visibility) / performance.fps
    heard = [s for s in performance.sentences if s["start_s"] < end_s and s["end_s"] > begin_s]
    return " ".join(str(sentence["text"]) for sentence in heard)


def _by_motion(studio: Studio, performance: Performance, media: Media) -> np.ndarray:
    """Wan-Animate: one call, which goes from segment to segment by itself."""
    preset, model, driver = studio.preset, studio.model, studio.driver
    assert driver is not None  # checked by the engine
    length, segments = preset.frames.plan(len(performance.visibility))
    overlap = preset.frames.overlap
    count = overlap + segments * (length - overlap)  # else the pipeline would play it backwards
    whole = replace(performance, visibility=(1.0,) * count)
    faces = face_film(driver, whole, media, model.transformer.config.motion_encoder_size)
    poses = skeletons(driver_motion(whole), studio.portrait.face, preset.side)
    image = package("PIL.Image")
    return called(
        model,
        preset,
        lambda: model(
            image=image.fromarray(studio.portrait.picture),
            pose_video=[image.fromarray(picture) for picture in poses],
            face_video=[image.fromarray(picture) for picture in faces],
            segment_frame_length=length,
            prev_segment_conditioning_frames=overlap,
            generator=generator(performance.seed, performance.first_frame),
            **_common(preset, performance),
        ),
    )


def _by_audio(studio: Studio, performance: Performance) -> np.ndarray:
    """LTX-2: segment by segment, each from the last frames of the one before."""
    preset, model = studio.preset, studio.model
    length, segments = preset.frames.plan(len(performance.visibility))
    overlap, fps = preset.frames.overlap, performance.fps
    made: list[np.ndarray] = []
    for number in range(segments):
        first = performance.first_frame + number * (length - overlap)
        before = made[-1][-overlap:] if made else None
        latents = voice_latents(model, performance.voice, first / fps, length / fps)
        part = replace(performance, first_frame=first, visibility=(1.0,) * length)
        with frozen(model, latents):
            video = _segment(studio, part, _condition(studio, before), latents)
        made.append(video if before is None else video[overlap:])
    return np.concatenate(made)


def _segment(studio: Studio, part: Performance, condition: Any, latents: Any) -> np.ndarray:
    preset, model = studio.preset, studio.model
    return called(
        model,
        preset,
        lambda: model(
            conditions=[condition],
            audio_latents=latents,
            num_frames=len(part.visibility),
            frame_rate=float(part.fps),
            generator=generator(part.seed, part.first_frame),
            **_common(preset, part),
        ),
    )


def _condition(studio: Studio, before: np.ndarray | None) -> Any:
    """What a segment begins with: the portrait, or the last frames of the one before."""
    image = package("PIL.Image")
    kind = package("diffusers.pipelines.ltx2.pipeline_ltx2_condition").LTX2VideoCondition
    if before is None:
        picture = image.fromarray(studio.portrait.picture)
        return kind(frames=picture, index=0, strength=1.0, crf=studio.preset.portrait_crf)
    shown = np.rint(np.clip(before, 0.0, 1.0) * 255.0).astype(np.uint8)
    # These are the model's own frames: compressed once more they would fade from cut to cut.
    return kind(frames=[image.fromarray(one) for one in shown], index=0, strength=1.0, crf=0)


def _common(preset: PresenterPreset, performance: Performance) -> dict[str, Any]:
    given = {
        "prompt": preset.prompt.format(said=said_in(performance)),
        "height": preset.side,
        "width": preset.side,
        "output_type": "np",
        **preset.call,
    }
    return given | ({"negative_prompt": preset.negative_prompt} if preset.negative_prompt else {})
