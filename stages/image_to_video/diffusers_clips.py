"""An engine for GPUs: any image-to-video pipeline that diffusers can load, by a preset."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any, ClassVar

import cv2
import numpy as np

from schemas.asset import Asset
from schemas.video_preset import VideoPreset
from stages.image_to_video.camera_motion import CameraMotion
from stages.image_to_video.diffusion.calling import arguments_of, frame_count
from stages.image_to_video.diffusion.families import CHUNKED, is_one_of, rows_at_once
from stages.image_to_video.diffusion.image_check import check_image_is_used
from stages.image_to_video.diffusion.loading import (
    ModelRefused,
    load_pipeline,
    use_loras,
)
from stages.image_to_video.diffusion.packages import package
from stages.image_to_video.diffusion.shells import PromptCache, Shell
from stages.image_to_video.diffusion.weights import fetched, fetched_part
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.first_frame import first_frame
from stages.image_to_video.retime import retimed
from stages.shared.frames import encode_frames
from stages.shared.nvenc import nvenc_works

ENCODERS = 2
"""Clips that are encoded at once, beside the model: one takes a core for longer than a card takes
for its frames."""
CHECK_STEPS = 2
"""Denoising steps of the two clips that tell whether the picture is looked at."""


class OutOfCardMemory(MemoryError):
    """A clip does not fit the card, not even in tiles and alone."""


@dataclass(frozen=True, kw_only=True)
class DiffusersClips(ClipEngine):
    """A video model that starts from the product in the studio set and moves on by itself.

    What was run so far: tiny random checkpoints on a CPU, with torch 2.13.0, diffusers 0.42.1 and
    transformers 5.23.0. No real weights, and no GPU. The same request gives the same frames, up to
    the rounding of sums, whatever it is made beside; across GPU types a model's arithmetic differs.
    """

    name: ClassVar[str] = "diffusers"
    version: ClassVar[str] = f"3+{CameraMotion.version}"  # its first frame is drawn by that engine

    preset: VideoPreset = field(metadata={"place": True})
    """How the model is loaded and called; what of it changes a pixel is the engine's `identity`."""
    model: Asset | str
    """A folder as `save_pretrained` writes it, or a hub id ("owner/name")."""
    revision: str | None = None
    """Commit of the hub's repository, 40 hex digits; needed for a hub id."""
    parts: tuple[Asset | str, ...] = ()
    """Of `preset.part_paths()`, in order: a folder or file, or "owner/name@commit"."""
    crf: int = 14
    """x264 quality of the clips, 0 to 51, smaller is better and larger."""
    shells: int | None = field(default=None, metadata={"place": True})
    """Clips in the making at once, one of them being denoised; 2 on a GPU, 1 without."""
    _loaded: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a hub id without its commit: what it names would change under its key."""
        if isinstance(self.model, str) and not self.revision:
            raise ValueError(f"model {self.model!r} is a hub id; give the commit as `revision`")
        if len(self.parts) != len(self.preset.part_paths()):
            raise ValueError(f"preset {self.preset.name} names {self.preset.part_paths()} as parts")

    @property
    def identity(self) -> str:
        """What of the preset changes a pixel."""
        return json.dumps(self.preset.making(), sort_keys=True)

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that the prompt names, and the product's own control track."""
        names = [name for _, name, _, _ in Formatter().parse(self.preset.prompt) if name]
        texts = dict.fromkeys(name for name in names if name != "move")
        return (*texts, "control") if self.preset.control is not None else tuple(texts)

    @property
    def assets(self) -> Mapping[str, Asset]:
        """The model's folder and those of parts, as far as they are no hub ids."""
        named = {"model": self.model, **{f"part_{n}": p for n, p in enumerate(self.parts)}}
        return {name: found for name, found in named.items() if isinstance(found, Asset)}

    @property
    def moves(self) -> tuple[str, ...] | None:
        """See `ClipEngine.moves`."""
        return self.preset.moves()

    def prepare(self) -> None:
        """Fetch what lies on the hub to its cache on this node; folders are used as they are."""
        if isinstance(self.model, str):
            fetched(self.model, self.revision)
        for part in self.parts:
            if isinstance(part, str):
                fetched_part(part)

    def load(self) -> None:
        """Load a hub id's model. A folder's is loaded by the first clip, which brings its path."""
        cv2.setNumThreads(1)
        if not self.assets:
            self._warm({})

    def render(self, request: ClipRequest, path: Path) -> RenderedClip:
        """See `ClipEngine.render`. The model may move the product anywhere, so its box is the
        layout's area for it. Raises `FloatingPointError` where the model makes no numbers."""
        return self.render_all([request], [path])[0]

    def render_all(
        self, requests: Sequence[ClipRequest], paths: Sequence[Path]
    ) -> list[RenderedClip]:
        """See `ClipEngine.render_all`: clips of one length in one call, as many as the preset says,
        and one call denoising while the one before is decoded and encoded."""
        shells = self._ready(requests[0])
        batches = self._batches(requests)

        encoders, room = ThreadPoolExecutor(ENCODERS), threading.Semaphore(ENCODERS + 1)
        encoding: list[Future[None]] = []

        def encode(video: np.ndarray, n: int) -> None:
            try:
                self._encode(video, requests[n], paths[n])
            finally:
                room.release()

        def work(batch: Sequence[int]) -> None:
            shell = shells.pop()
            try:
                videos = self._make(shell, [requests[n] for n in batch])
            finally:
                shells.append(shell)
            for n, video in zip(batch, videos, strict=True):
                room.acquire()  # frames of a clip take a gigabyte
                encoding.append(encoders.submit(encode, video, n))

        with encoders:
            if len(shells) == 1 or len(batches) == 1:
                for batch in batches:
                    work(batch)
            else:
                with ThreadPoolExecutor(len(shells)) as threads:
                    for done in [threads.submit(work, batch) for batch in batches]:
                        done.result()
            for one in encoding:
                one.result()
        metrics = self._loaded["check"]
        return [RenderedClip(one.areas.product, "generated", metrics) for one in requests]

    # Making

    def _make(self, shell: Shell, requests: Sequence[ClipRequest]) -> list[np.ndarray]:
        """Each request's own frames, float32 (count, height, width, 3) in 0 to 1; in smaller
        batches and in tiles where the card is full. Raises `OutOfCardMemory`."""
        torch = package("torch")
        try:
            return self._call(shell, requests)
        except torch.OutOfMemoryError as error:
            said = str(error)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        vae: Any = getattr(shell.model, "vae", None)
        if len(requests) > 1:
            half = len(requests) // 2
            return [*self._make(shell, requests[:half]), *self._make(shell, requests[half:])]
        if self.preset.vae.tiling == "auto" and not getattr(vae, "use_tiling", True):
            vae.enable_tiling()
            return self._make(shell, requests)
        size, count = self.preset.size, frame_count(self.preset, requests[0])
        raise OutOfCardMemory(
            f"{self._said}: {count} frames of {size.width}x{size.height} do not fit the card, alone"
            f" and in tiles; make size or frames.most smaller ({said[:300]})"
        )

    def _call(self, shell: Shell, requests: Sequence[ClipRequest]) -> list[np.ndarray]:
        pictures = [self._first(request) for request in requests]
        count = frame_count(self.preset, requests[0])
        given = arguments_of(self.preset, shell.model, requests, pictures, count)
        made = shell.call(self._switch_loras(shell, requests[0]), **given)
        videos = [np.asarray(video, np.float32) for video in made.frames]
        for video in videos:
            if not np.isfinite(video).all():
                raise FloatingPointError(
                    f"{self._said} in {self.preset.dtype} made frames that are no numbers; use"
                    " float32 or bfloat16, or the dtype of its model card"
                )
        return videos

    def _switch_loras(self, shell: Shell, request: ClipRequest) -> Callable[[], None]:
        """What must happen once the denoiser is ours: its adapters are all shells' own."""
        return lambda: use_loras(shell.model, self.preset.lora, request.move)

    def _first(self, request: ClipRequest) -> np.ndarray:
        return first_frame(request, self.preset.size.width, self.preset.size.height)

    def _batches(self, requests: Sequence[ClipRequest]) -> list[list[int]]:
        """Places of requests that are made in one call: of one length and one set of LoRAs."""
        most = rows_at_once(type(self._loaded["model"]))
        most = self.preset.batch.most if most is None else min(most, self.preset.batch.most)
        if self.preset.control is not None:
            most = 1
        alike: dict[Any, list[int]] = {}
        for place, one in enumerate(requests):
            on = tuple(one.move in lora.when for lora in self.preset.lora if lora.when)
            alike.setdefault((frame_count(self.preset, one), on), []).append(place)
        return [group[n : n + most] for group in alike.values() for n in range(0, len(group), most)]

    def _encode(self, video: np.ndarray, request: ClipRequest, path: Path) -> None:
        form = request.format
        rate, size = self.preset.frames.fps / form.fps, (form.width_px, form.height_px)
        encode_frames(
            retimed(video, request.frames, rate, size),
            path,
            width_px=form.width_px,
            height_px=form.height_px,
            fps=form.fps,
            crf=self.crf,
            nvenc=package("torch").cuda.is_available() and nvenc_works(),
        )

    # Loading

    def _ready(self, request: ClipRequest) -> list[Shell]:
        """Shells of the loaded model, which is known to look at its picture."""
        if (refused := self._loaded.get("refused")) is not None:
            raise refused
        try:
            if "shells" not in self._loaded:
                self._warm(request.files)
            if "check" not in self._loaded:
                self._loaded["check"] = self._check(request)
        except ModelRefused as error:
            self._loaded["refused"] = error  # for every spot alike, and at no cost
            raise
        return list(self._loaded["shells"])

    def _check(self, request: ClipRequest) -> dict[str, float]:
        shell = self._loaded["shells"][0]

        def make(picture: np.ndarray) -> np.ndarray:
            few = self.preset.frames.snap(2)
            given = arguments_of(self.preset, shell.model, [request], [picture], few, picture)
            if "num_inference_steps" in given:
                given["num_inference_steps"] = min(CHECK_STEPS, given["num_inference_steps"])
            made = shell.call(self._switch_loras(shell, request), **given)
            return np.asarray(made.frames[0], np.float32)

        asked = self.preset.image_check
        return check_image_is_used(make, self._first(request), self._said, asked)

    def _warm(self, files: Mapping[str, Path]) -> None:
        """Load the model from its folder, on the GPU if there is one, and keep it."""
        folder = files.get("model")
        if folder is None:
            if isinstance(self.model, Asset):
                raise ValueError(f"the request has no files for {self.model.uri}")
            folder = fetched(self.model, self.revision)
        parts = {
            path: files[f"part_{n}"] if isinstance(part, Asset) else fetched_part(part)
            for n, (path, part) in enumerate(zip(self.preset.part_paths(), self.parts, strict=True))
        }
        self.adopt(load_pipeline(self.preset, folder, parts, self._said))

    def adopt(self, model: Any) -> None:
        """Take a pipeline that `diffusion.loading` has prepared."""
        torch = package("torch")
        count = self.shells or (2 if torch.cuda.is_available() else 1)
        if self.preset.offload == "model" or self.preset.cache is not None:
            count = 1  # parts are moved about, or kept from step to step, for one call at a time
        if is_one_of(type(model), CHUNKED):
            count = 1  # after a part is decoded it denoises again
        lock, prompts = threading.Lock(), PromptCache()
        park = self.preset.offload == "text_encoder" and hasattr(model, "text_encoder")
        self._loaded.update(
            model=model, prompts=prompts,
            shells=[Shell(model, lock, prompts, park) for _ in range(count)],
        )  # fmt: skip

    @property
    def _said(self) -> str:
        """The model, for people."""
        return self.model.uri if isinstance(self.model, Asset) else f"{self.model}@{self.revision}"
