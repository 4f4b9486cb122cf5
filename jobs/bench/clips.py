"""Image to video, measured: where the time of a clip goes, and what plain diffusers would take.

The model is Wan 2.2 TI2V with random weights: in its real size on a GPU, tiny on a CPU, so that the
same code is exercised everywhere. What is measured: one spot's shots, made by the engine as in a
campaign, and by a plain loop over the pipeline's call with the same model, steps and sizes.
"""

from __future__ import annotations

import platform
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from jobs.bench.checkpoints import FULL, TINY, random_wan
from schemas.asset import Asset
from schemas.layout import FORMATS
from schemas.video_preset import VideoPreset
from stages.image_to_video import ClipRequest, DiffusersClips
from stages.image_to_video import diffusers_clips as engine_module
from stages.image_to_video.diffusion.loading import prepare_pipeline
from stages.image_to_video.diffusion.noise import generator
from stages.image_to_video.first_frame import first_frame
from stages.image_to_video.presets import load_preset
from stages.image_to_video.retime import retimed
from stages.shared.frames import encode_frames
from stages.shared.picture import write_png

MODEL = ("text", "vae_encode", "denoise", "vae_decode")
"""Phases of the model's own work."""
PHASES = (*MODEL, "encode")
TINY_SETTINGS: dict[str, Any] = {
    "size": {"width": 96, "height": 160}, "frames": {"fps": 8}, "dtype": "float32",
    "image_check": {"least_change": 0.0, "least_likeness": None}, "compile": "none",
}  # fmt: skip


TIMED = (*PHASES, "make", "wait")


class _TimedLock:
    """A lock that tells how long it was waited for."""

    def __init__(self, lock: Any, spent: Spent) -> None:
        self.lock, self.release = lock, lock.release
        self.acquire = spent.around("wait", lock.acquire, _nothing)


@dataclass
class Spent:
    """Seconds by phase, summed over clips and threads, and how often each ran; "make" is all that
    comes before a clip's encoding, "wait" what of it is waiting for the denoiser."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(TIMED, 0.0))
    calls: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TIMED, 0))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def around(self, phase: str, work: Callable[..., Any], sync: Callable[[], None]) -> Any:
        """`work`, timed."""

        def timed(*given: Any, **named: Any) -> Any:
            sync()
            begun = time.perf_counter()
            made = work(*given, **named)
            sync()
            with self.lock:
                self.seconds[phase] += time.perf_counter() - begun
                self.calls[phase] += 1
            return made

        return timed


@dataclass(frozen=True)
class Measured:
    """One way to make a spot's clips. Seconds for the spot; `phases` summed over its clips."""

    way: str
    batch: int
    wall_s: float
    phases: Mapping[str, float]
    own_s: float
    """Of a clip: what is neither the model nor encoding nor waiting: first frame, arguments."""
    steps: int
    clips: int
    peak_gb: float

    @property
    def denoiser_busy(self) -> float:
        """Share of the time in which the denoiser works."""
        return self.phases["denoise"] / self.wall_s


def measure_clips(
    folder: Path, *, shots: int, seconds: float, steps: int
) -> tuple[str, list[Measured]]:
    """(the device's name, what was measured): plain diffusers, the engine one clip at a time, in
    batches, with two shells, and with weights in 8 bits.
    """
    import torch

    cuda = torch.cuda.is_available()
    torch.set_num_threads(1 if not cuda else torch.get_num_threads())
    device = torch.cuda.get_device_name() if cuda else f"CPU, {platform.machine()}, 1 thread"
    over: dict[str, Any] = {"call": {"num_inference_steps": steps}, "offload": "none"}
    preset = load_preset("wan22-5b-fast", over | ({} if cuda else TINY_SETTINGS))
    requests = _requests(folder, shots, seconds)
    eight_bits = {"quantize": "fp8_weights"}
    ways: list[tuple[str, int, int, dict[str, Any]]] = [
        ("engine, one by one", 1, 1, {}),
        ("engine, two shells", 1, 2, {}),
        (f"engine, batch of {shots}", shots, 1, {}),
        ("engine, 8-bit weights", 1, 2, {"components": {"transformer": eight_bits}}),
    ]  # fmt: skip
    found: list[Measured] = []
    for name, batch, shells, more in ways:
        changed = _changed(preset, {**more, "batch": {"most": batch}})
        model = _model(changed, cuda)
        if not found:
            found.append(_plain(model, changed, requests, folder, cuda))
        found.append(_ours(name, batch, shells, model, changed, requests, folder, cuda))
        del model
        if cuda:
            torch.cuda.empty_cache()
    return device, found


def _changed(preset: VideoPreset, over: Mapping[str, Any]) -> VideoPreset:
    from schemas.video_preset import merged

    return VideoPreset.model_validate(merged(preset.model_dump(by_alias=True), over))


def _model(preset: VideoPreset, cuda: bool) -> Any:
    import torch

    sizes, device = (FULL, "cuda") if cuda else (TINY, "cpu")
    made = random_wan(sizes, device, getattr(torch, preset.dtype))
    return prepare_pipeline(made, preset, {}, "random weights")


def _requests(folder: Path, shots: int, seconds: float) -> list[ClipRequest]:
    photo = np.full((640, 640, 3), 255, np.uint8)
    cv2.circle(photo, (320, 340), 200, (150, 60, 40), -1)
    write_png(folder / "photo.png", photo)
    form = FORMATS["9x16"]
    moves = ("push_in", "orbit_left", "rise", "drift")
    return [
        ClipRequest(
            photo=folder / "photo.png", cutout=None, format=form, layout="hero",
            areas=form.shots["hero"], move=moves[n % len(moves)], frames=round(seconds * form.fps),
            accent="#2f8084", seed=7, shot=n, texts={"title": "A bowl"},
        )
        for n in range(shots)
    ]  # fmt: skip


@contextmanager
def _timed(models: Sequence[Any], shells: Sequence[Any], cuda: bool) -> Iterator[Spent]:
    """Phases of these pipelines' calls and of the shells around them; of a GPU with its queue run
    empty, phase by phase.
    """
    import torch

    spent = Spent()
    sync = torch.cuda.synchronize if cuda else _nothing
    watched: list[tuple[Any, str, str, Callable[[], None]]] = [
        (models[0].transformer, "forward", "denoise", sync),
        (DiffusersClips, "_call", "make", sync),
        (sys.modules[__name__], "encode_frames", "encode", _nothing),
        (engine_module, "encode_frames", "encode", _nothing),
    ]
    for model in models:
        watched += [
            (model, "encode_prompt", "text", sync),
            (model.vae, "encode", "vae_encode", sync),
            (model.vae, "decode", "vae_decode", sync),
        ]
    kept: list[tuple[Any, str, Any]] = [(shell, "_denoiser", shell._denoiser) for shell in shells]
    for shell, name, lock in kept:
        setattr(shell, name, _TimedLock(lock, spent))
    for owner, name, phase, wait in watched:
        kept.append((owner, name, getattr(owner, name)))
        setattr(owner, name, spent.around(phase, getattr(owner, name), wait))
    try:
        yield spent
    finally:
        for owner, name, before in reversed(kept):
            setattr(owner, name, before)


def _nothing() -> None:
    """A CPU has no queue to run empty."""


def _plain(
    model: Any, preset: VideoPreset, requests: Sequence[ClipRequest], folder: Path, cuda: bool
) -> Measured:
    """The pipeline called for one clip after the other, as its manual shows it: the prompt encoded
    each time, the frames encoded when they are all there.
    """
    from PIL import Image

    size, form = preset.size, requests[0].format

    def spot() -> None:
        for one in requests:
            picture = Image.fromarray(first_frame(one, size.width, size.height))
            count = preset.frames.snap(round(one.frames / form.fps * preset.frames.fps) + 1)
            made = model(
                image=picture, prompt="A bowl, product shot in a studio", height=size.height,
                width=size.width, num_frames=count, generator=generator(one.seed, one.shot),
                output_type="np", **preset.call,
            )  # fmt: skip
            rate = preset.frames.fps / form.fps
            frames = retimed(
                np.asarray(made.frames[0], np.float32), one.frames, rate,
                (form.width_px, form.height_px),
            )  # fmt: skip
            encode_frames(
                frames, folder / "plain.mp4", width_px=form.width_px, height_px=form.height_px,
                fps=form.fps,
            )  # fmt: skip

    return _measured("plain diffusers", 1, [model], [], spot, requests, cuda)


def _ours(
    name: str, batch: int, shells: int, model: Any, preset: VideoPreset,
    requests: Sequence[ClipRequest], folder: Path, cuda: bool,
) -> Measured:  # fmt: skip
    engine = DiffusersClips(preset=preset, model=Asset("random", "0" * 64), shells=shells)
    engine.adopt(model)
    paths = [folder / f"clip-{n}.mp4" for n in range(len(requests))]
    ways_in = engine._loaded["shells"]
    models = [shell.model for shell in ways_in]
    engine.render_all(requests[:1], paths[:1])  # the picture check, and the caches of the card

    def spot() -> None:
        engine.render_all(requests, paths)

    return _measured(name, batch, models, ways_in, spot, requests, cuda)


def _measured(
    name: str, batch: int, models: Sequence[Any], shells: Sequence[Any],
    spot: Callable[[], None], requests: Sequence[ClipRequest], cuda: bool,
) -> Measured:  # fmt: skip
    import torch

    spot()  # warm
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    begun = time.perf_counter()
    spot()
    wall = time.perf_counter() - begun  # without the timers, which stop the card's queue
    with _timed(models, shells, cuda) as spent:
        begun = time.perf_counter()
        spot()
        timed_wall = time.perf_counter() - begun
    peak = (
        torch.cuda.max_memory_allocated()
        if cuda
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    )
    found, model_s = spent.seconds, sum(spent.seconds[name] for name in MODEL)
    made = found["make"] - found["wait"] if shells else timed_wall - found["encode"]
    return Measured(
        name, batch, wall, {phase: found[phase] for phase in PHASES},
        max(0.0, made - model_s) / len(requests), spent.calls["denoise"], len(requests), peak / 1e9,
    )  # fmt: skip


def plot_clips(device: str, found: Sequence[Measured], path: Path) -> None:
    """Seconds of a spot's clips by phase, for each way."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(9, 3.4), layout="constrained")
    names = [one.way for one in found][::-1]
    left = np.zeros(len(found))
    for phase in PHASES:
        values = np.array([one.phases[phase] for one in found][::-1])
        axis.barh(names, values, left=left, label=phase.replace("_", " "))
        left += values
    # Encoding runs beside the model, two clips at a time.
    axis.plot([one.wall_s for one in found][::-1], names, "k|", ms=16, mew=2, label="wall time")
    title = f"seconds, summed over threads, for {found[0].clips} clips on {device}"
    axis.set(title=title, xlim=(0, None))
    figure.legend(loc="outside lower center", ncols=6, frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)
