"""An engine for GPUs: any image-to-video pipeline that diffusers can load, by a preset."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
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
from stages.image_to_video.diffusion.control import control_track, product_picture
from stages.image_to_video.diffusion.families import rows_at_once
from stages.image_to_video.diffusion.image_check import check_image_is_used
from stages.image_to_video.diffusion.loading import (
    ModelRefused,
    arguments,
    load_pipeline,
    noise_shape,
    use_loras,
)
from stages.image_to_video.diffusion.noise import generator, mixed_noise
from stages.image_to_video.diffusion.packages import package
from stages.image_to_video.diffusion.shells import PromptCache, Shell
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.first_frame import first_frame
from stages.image_to_video.retime import retimed
from stages.shared.frames import encode_frames, nvenc_works

WEIGHTS = ("*.json", "*/*.safetensors", "*/*.model", "*/*.txt")
"""Files of a hub repository that are fetched: no pickles, no code, and of the safetensors only
those in the components' folders (beside them some owners keep each size as one large file)."""
HALF_COPIES = ("*.fp16.safetensors", "*.bf16.safetensors", "*.non_ema.safetensors")
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
    version: ClassVar[str] = f"2+{CameraMotion.version}"  # its first frame is drawn by that engine

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
        """The columns that the prompt names."""
        names = [name for _, name, _, _ in Formatter().parse(self.preset.prompt) if name]
        return tuple(dict.fromkeys(name for name in names if name != "move"))

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
            self._snapshot(self.model, self.revision)
        for part in self.parts:
            if isinstance(part, str):
                self._part(part)

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
        size = self.preset.size
        raise OutOfCardMemory(
            f"{self._said}: {self._count(requests[0])} frames of {size.width}x{size.height} do not"
            f" fit the card, alone and in tiles; make size or frames.most smaller ({said[:300]})"
        )

    def _call(self, shell: Shell, requests: Sequence[ClipRequest]) -> list[np.ndarray]:
        use_loras(shell.model, self.preset.lora, requests[0].move)
        pictures = [self._first(request) for request in requests]
        made = shell.call(
            **self._arguments(shell.model, requests, pictures, self._count(requests[0]))
        )
        videos = [np.asarray(video, np.float32) for video in made.frames]
        for video in videos:
            if not np.isfinite(video).all():
                raise FloatingPointError(
                    f"{self._said} in {self.preset.dtype} made frames that are no numbers; use"
                    " float32 or bfloat16, or the dtype of its model card"
                )
        return videos

    def _first(self, request: ClipRequest) -> np.ndarray:
        return first_frame(request, self.preset.size.width, self.preset.size.height)

    def _arguments(
        self, model: Any, requests: Sequence[ClipRequest], pictures: Sequence[np.ndarray],
        count: int, reference: np.ndarray | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """What the call takes of all that we have; one row as it is, several as lists."""
        image = package("PIL.Image")
        preset, size = self.preset, self.preset.size
        generators = [generator(one.seed, one.shot) for one in requests]
        shown = [image.fromarray(picture) for picture in pictures]
        offered = {
            "image": _one_or_all(shown),
            "prompt": _one_or_all([self._prompt(one) for one in requests]),
            "negative_prompt": _one_or_all([preset.negative_prompt] * len(requests)),
            "height": size.height,
            "width": size.width,
            "num_frames": count,
            "frame_rate": preset.frames.fps,
            "fps": preset.frames.fps,
            "generator": generators if len(requests) > 1 else generators[0],
            "output_type": "np",
        }
        if len(requests) > 1 and type(model).__name__ == "BatchedWan":
            stack = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 255
            offered["image"] = package("torch").from_numpy(stack)
        if not preset.negative_prompt:
            del offered["negative_prompt"]
        if noise_shape(model) and preset.noise.kind == "mixed":
            offered["latents"] = self._noise(model, generators, count)
        takes = arguments(type(model))
        named = {preset.rename.get(name, name): value for name, value in offered.items()}
        given = {name: value for name, value in named.items() if name in takes}
        if preset.control is not None:
            product = product_picture(requests[0]) if reference is None else reference
            given |= self._control(requests[0], count, shown[0], product)
        return {**given, **preset.call}

    def _noise(self, model: Any, generators: list[Any], count: int) -> Any:
        size, every = self.preset.size, model.vae_scale_factor
        channels = model.unet.config.in_channels // 2
        dtype = next(model.unet.parameters()).dtype
        noise = mixed_noise(
            generators, count, channels, size.height // every, size.width // every,
            self.preset.noise.alpha,
        )  # fmt: skip
        return noise.to(dtype)

    def _control(
        self, request: ClipRequest, count: int, first: Any, product: np.ndarray
    ) -> dict[str, Any]:
        """The control track, the mask (the first frame is kept), and the product as reference."""
        image, control = package("PIL.Image"), self.preset.control
        assert control is not None
        size = self.preset.size
        track = [
            image.fromarray(picture)
            for picture in control_track(request, control.kind, count, size.width, size.height)
        ]
        given: dict[str, Any] = {control.arg: track}
        if control.mask_arg:
            keep, free = (image.new("L", (size.width, size.height), tone) for tone in (0, 255))
            given[control.arg] = [first, *track[1:]]
            given[control.mask_arg] = [keep, *([free] * (count - 1))]
        if control.reference_arg:
            given[control.reference_arg] = [image.fromarray(product)]
        if control.scale_arg:
            given[control.scale_arg] = control.scale
        return given

    def _prompt(self, request: ClipRequest) -> str:
        words = self.preset.camera.get(request.move)
        move = (words.text if words else "") or request.move.replace("_", " ")
        return self.preset.prompt.format(**request.texts, move=move)

    def _count(self, request: ClipRequest) -> int:
        """Frames to ask for: of the preset's rule, and enough for the clip if it can."""
        seconds = request.frames / request.format.fps
        wanted = int(np.ceil(seconds * self.preset.frames.fps - 1e-6)) + 1
        return self.preset.frames.snap(wanted)

    def _batches(self, requests: Sequence[ClipRequest]) -> list[list[int]]:
        """Places of requests that are made in one call: of one length and one set of LoRAs."""
        most = rows_at_once(type(self._loaded["model"]))
        most = self.preset.batch.most if most is None else min(most, self.preset.batch.most)
        if self.preset.control is not None:
            most = 1
        alike: dict[Any, list[int]] = {}
        for place, one in enumerate(requests):
            on = tuple(one.move in lora.when for lora in self.preset.lora if lora.when)
            alike.setdefault((self._count(one), on), []).append(place)
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
            given = self._arguments(shell.model, [request], [picture], few, picture)
            if "num_inference_steps" in given:
                given["num_inference_steps"] = min(CHECK_STEPS, given["num_inference_steps"])
            use_loras(shell.model, self.preset.lora, request.move)
            return np.asarray(shell.call(**given).frames[0], np.float32)

        asked = self.preset.image_check
        return check_image_is_used(make, self._first(request), self._said, asked)

    def _warm(self, files: Mapping[str, Path]) -> None:
        """Load the model from its folder, on the GPU if there is one, and keep it."""
        folder = files.get("model")
        if folder is None:
            if isinstance(self.model, Asset):
                raise ValueError(f"the request has no files for {self.model.uri}")
            folder = self._snapshot(self.model, self.revision)
        parts = {
            path: files[f"part_{n}"] if isinstance(part, Asset) else self._part(part)
            for n, (path, part) in enumerate(zip(self.preset.part_paths(), self.parts, strict=True))
        }
        self.adopt(load_pipeline(self.preset, folder, parts, self._said))

    def adopt(self, model: Any) -> None:
        """Take a pipeline that `diffusion.loading` has prepared."""
        torch = package("torch")
        count = self.shells or (2 if torch.cuda.is_available() else 1)
        if self.preset.offload == "model":
            count = 1  # its parts are moved about, for one call at a time
        lock, prompts = threading.Lock(), PromptCache()
        park = self.preset.offload == "text_encoder" and hasattr(model, "text_encoder")
        self._loaded.update(
            model=model, prompts=prompts,
            shells=[Shell(model, lock, prompts, park) for _ in range(count)],
        )  # fmt: skip

    def _part(self, part: str) -> Path:
        name, _, commit = part.partition("@")
        return self._snapshot(name, commit)

    def _snapshot(self, name: str, revision: str | None) -> Path:
        """A hub id's files on this node, fetched if they are not there."""
        hub = package("huggingface_hub")
        try:
            found = hub.snapshot_download(
                name,
                revision=revision,
                allow_patterns=[*WEIGHTS, *(["*.safetensors"] if name != self.model else [])],
                ignore_patterns=list(HALF_COPIES),
            )
        except FileNotFoundError as error:  # offline, and not in the cache
            raise FileNotFoundError(
                f"{name}@{revision} is not on this machine and the hub can't be reached; copy it to"
                f" a folder that can be, and name that as the model ({error})"
            ) from error
        return Path(found)

    @property
    def _said(self) -> str:
        """The model, for people."""
        return self.model.uri if isinstance(self.model, Asset) else f"{self.model}@{self.revision}"


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
