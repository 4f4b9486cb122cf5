"""An engine for GPUs: any image-to-video pipeline that diffusers can load, from real weights."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any, ClassVar

import cv2
import numpy as np

from schemas.asset import Asset
from stages.image_to_video.camera_motion import CameraMotion
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.first_frame import first_frame
from stages.image_to_video.retime import retimed
from stages.shared.frames import encode_frames

WEIGHTS = ("*.json", "*/*.safetensors", "*/*.model", "*/*.txt")
"""Files of a hub repository that are fetched: no pickles, no code, and of the safetensors only
those in the components' folders (beside them some owners keep each size as one large file)."""
HALF_COPIES = ("*.fp16.safetensors", "*.bf16.safetensors", "*.non_ema.safetensors")


@dataclass(frozen=True, kw_only=True)
class DiffusersClips(ClipEngine):
    """A video model that starts from the product in the studio set and moves on by itself.

    What was run so far: tiny random checkpoints (Wan 2.2 TI2V, LTX and Stable Video Diffusion
    classes) on a CPU, with torch 2.13.0, diffusers 0.42.1 and transformers 5.23.0. No real
    weights, and no GPU. The same request gives the same bytes on the same kind of device with the
    same versions of these packages; across GPU types a model's arithmetic differs.
    """

    name: ClassVar[str] = "diffusers"
    version: ClassVar[str] = f"1+{CameraMotion.version}"  # its first frame is drawn by that engine

    model: Asset | str
    """A folder as `save_pretrained` writes it, or a hub id ("owner/name")."""
    revision: str | None = None
    """Commit of the hub's repository, 40 hex digits; needed for a hub id."""
    pipeline: str | None = None
    """Class in diffusers to load it with, where the folder's own would not take an image."""
    prompt: str = "{title}, product shot in a studio, slow {move} of the camera"
    """Template; a name in braces is a column of the spot, or `move`, the shot's camera move."""
    steps: int = 30
    """Denoising steps, 1 to 100: more is slower and finer; distilled models want 3 to 8."""
    guidance: float = 5.0
    """Weight of the prompt, 0 to 20: more follows it harder; up to 1 a step costs half."""
    width_px: int = 704
    height_px: int = 1280
    """Size the model works at; its frames are stretched to the format's."""
    fps: int = 24
    """Frames per second that the model was trained on."""
    max_frames: int = 121
    """Most frames it makes in one go; a longer shot is slowed down to last."""
    dtype: str = "bfloat16"
    """Number type of the weights, a name in torch: "bfloat16", "float16" or "float32"."""
    crf: int = 14
    """x264 quality of the clips, 0 to 51, smaller is better and larger."""
    _loaded: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a hub id without its commit: what it names would change under its key."""
        if isinstance(self.model, str) and not self.revision:
            raise ValueError(f"model {self.model!r} is a hub id; give the commit as `revision`")

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that the prompt names."""
        names = [name for _, name, _, _ in Formatter().parse(self.prompt) if name]
        return tuple(dict.fromkeys(name for name in names if name != "move"))

    @property
    def weights_asset(self) -> Asset | None:
        """The model's folder; None for a hub id."""
        return self.model if isinstance(self.model, Asset) else None

    def prepare(self) -> None:
        """Fetch a hub id's weights to the hub's cache on this node; a folder is used as it is."""
        if isinstance(self.model, str):
            self._snapshot()

    def load(self) -> None:
        """Load a hub id's model. A folder's is loaded by the first clip, which brings its path."""
        cv2.setNumThreads(1)
        if isinstance(self.model, str):
            self._warm(self._snapshot())

    def render(self, request: ClipRequest, path: Path) -> RenderedClip:
        """See `ClipEngine.render`. The model may move the product anywhere, so its box is the
        layout's area for it. Raises `FloatingPointError` where the model makes no numbers."""
        if self.weights_asset is not None and request.weights is None:
            raise ValueError(f"the request has no weights for {self.weights_asset.uri}")
        model = self._loaded.get("model") or self._warm(request.weights)
        form = request.format
        video = self._generate(model, request)
        if not np.isfinite(video).all():
            raise FloatingPointError(
                f"{self._said} in {self.dtype} made frames that are no numbers; use float32 or"
                " bfloat16, or the dtype of its model card"
            )
        encode_frames(
            retimed(video, request.frames, self.fps / form.fps, (form.width_px, form.height_px)),
            path,
            width_px=form.width_px,
            height_px=form.height_px,
            fps=form.fps,
            crf=self.crf,
        )
        return RenderedClip(request.areas.product, "generated")

    def _generate(self, model: Any, request: ClipRequest) -> np.ndarray:
        """The model's own frames, float32 (count, height, width, 3) in 0 to 1."""
        torch, image = _package("torch"), _package("PIL.Image")
        every = getattr(model, "vae_scale_factor_temporal", None)
        every = every or getattr(model, "vae_temporal_compression_ratio", None) or 1
        count = self._frame_count(request.frames / request.format.fps, every)
        start = first_frame(request, self.width_px, self.height_px)
        # A CPU generator gives the same noise on any device.
        state = np.random.SeedSequence((request.seed % 2**64, request.shot)).generate_state(1)
        offered = {
            "image": image.fromarray(start),
            "prompt": self.prompt.format(**request.texts, move=request.move.replace("_", " ")),
            "height": self.height_px,
            "width": self.width_px,
            "num_frames": count,
            "frames": count,
            "num_inference_steps": self.steps,
            "guidance_scale": self.guidance,
            "frame_rate": self.fps,
            "fps": self.fps,
            "generator": torch.Generator("cpu").manual_seed(int(state[0])),
            "output_type": "np",
        }
        takes = _arguments(type(model))
        made = model(**{name: value for name, value in offered.items() if name in takes})
        return np.asarray(made.frames[0], np.float32)

    def _frame_count(self, seconds: float, every: int) -> int:
        """Frames to ask for: a multiple of `every`, the VAE's step in time, and one."""
        most = max(0, self.max_frames - 1) // every
        return min(math.ceil(seconds * self.fps / every - 1e-6), most) * every + 1

    def _snapshot(self) -> Path:
        """The hub id's files on this node, fetched if they are not there."""
        hub = _package("huggingface_hub")
        try:
            found = hub.snapshot_download(
                self.model,
                revision=self.revision,
                allow_patterns=list(WEIGHTS),
                ignore_patterns=list(HALF_COPIES),
            )
        except FileNotFoundError as error:  # offline, and not in the cache
            raise FileNotFoundError(
                f"{self._said} is not on this machine and the hub can't be reached; copy it to a"
                f" folder that can be, and name that as the model ({error})"
            ) from error
        return Path(found)

    def _warm(self, folder: Path | None) -> Any:
        """The pipeline in a folder, on the GPU if there is one, kept for the next clip."""
        assert folder is not None  # a hub id is loaded by `load`
        torch, diffusers = _package("torch"), _package("diffusers")
        _package("ftfy")  # several families clean prompts with it; diffusers does not ask for it
        kind = getattr(diffusers, self.pipeline or "DiffusionPipeline", None)
        if kind is None:
            raise ValueError(
                f"pipeline {self.pipeline!r} is no class of diffusers {diffusers.__version__};"
                " take one that ends in ImageToVideoPipeline"
            )
        model = kind.from_pretrained(
            str(folder), torch_dtype=getattr(torch, self.dtype), use_safetensors=True
        )
        if "image" not in _arguments(type(model)):
            raise ValueError(
                f"{self._said} loads as {type(model).__name__}, which takes no image and would"
                " invent a product; name the family's image-to-video class as `pipeline`"
            )
        if torch.cuda.is_available():
            torch.backends.cudnn.deterministic = True
            model.to("cuda")
        else:
            torch.set_num_threads(1)  # sums differ with the number of threads
        model.set_progress_bar_config(disable=True)
        self._loaded["model"] = model
        return model

    @property
    def _said(self) -> str:
        """The model, for people."""
        return self.model.uri if isinstance(self.model, Asset) else f"{self.model}@{self.revision}"


def _package(name: str) -> Any:
    """Import what only this engine needs. Raises `ImportError` with the command to install it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"the diffusers engine of image_to_video needs {name} to run a video model:"
            f" pip install 'spotmill[gpu]', in a checkout pip install -e '.[gpu]' ({error})"
        ) from error


def _arguments(kind: type) -> set[str]:
    """Names that calling a pipeline of this class takes."""
    return set(inspect.signature(kind.__call__).parameters)
