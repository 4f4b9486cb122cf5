"""VideoPreset: a video model as a data file, with all that it takes to run it well.

A new model goes into production by a file of this form; see `stages/image_to_video/presets`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

PROMPT_NAMES = ("title", "brand", "tagline", "move")
"""What a prompt may name in braces: columns of the spot, and the words of the camera's move."""


def _a_commit(revision: object) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}", str(revision)):
        raise ValueError("must be a commit, 40 hex digits; a branch or a tag may move")
    return str(revision)


Commit = Annotated[str, BeforeValidator(_a_commit)]
"""A commit of a repository of the model hub, 40 hex digits."""

Dtype = Literal["bfloat16", "float16", "float32"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Licence(_Part):
    """The terms of the weights."""

    name: Annotated[str, Field(min_length=2)]
    url: str = ""
    commercial: Literal["yes", "conditions", "no", "unknown"]
    """Whether an advertiser may use them: "conditions" are in `note`."""
    checked: bool
    """Whether the owner's own statement of the terms was read for this file, and not hearsay."""
    note: str = ""

    @property
    def needs_acceptance(self) -> bool:
        """Whether a campaign must say that it has read them."""
        return not (self.checked and self.commercial == "yes")


class Component(_Part):
    """How one part of the pipeline is loaded, where that differs from the others."""

    dtype: Dtype | None = None
    path: str | None = None
    """Folder or hub id ("owner/name@commit") of its own weights."""
    quantize: Literal["fp8_weights", "torchao_fp8"] | None = None
    """fp8_weights: kept in 8 bits, computed in `dtype`: half the memory, no faster. torchao_fp8:
    computed in 8 bits, too (needs torchao and a card that can)."""


class Scheduler(_Part):
    """Class in diffusers and what it is made with; the model's own settings stay below these."""

    class_: Annotated[str, Field(alias="class", pattern=r"^[A-Za-z0-9]+$")]
    args: dict[str, Any] = Field(default_factory=dict)


class Size(_Part):
    """Frames that the model makes, in its pixels; the clip is scaled to the format."""

    width: Annotated[int, Field(ge=16, le=4096)]
    height: Annotated[int, Field(ge=16, le=4096)]
    multiple: Annotated[int, Field(ge=1, le=128)] = 16

    @model_validator(mode="after")
    def _on_the_grid(self) -> Size:
        for name, value in (("width", self.width), ("height", self.height)):
            if value % self.multiple:
                near = max(1, round(value / self.multiple)) * self.multiple
                raise ValueError(f"{name} {value} is not a multiple of {self.multiple}; try {near}")
        return self


class Frames(_Part):
    """How many frames it makes in one go."""

    rule: Annotated[str, Field(pattern=r"^(any|\d+n(\+\d+)?)$")] = "any"
    """"4n+1", "8n+1", "17n+5", "any": counts that the model can make; others are snapped up."""
    fps: Annotated[int, Field(ge=1, le=120)]
    most: Annotated[int, Field(ge=1, le=4000)]
    """A longer shot is slowed down to last."""

    def snap(self, wanted: int) -> int:
        """The least count of the rule that is `wanted` or more, held within `most`."""
        step, offset = self._rule
        count = offset + -(-max(0, wanted - offset) // step) * step
        if count > self.most:
            count = offset + (self.most - offset) // step * step
        if count < 1:
            count += step
        return count

    @property
    def _rule(self) -> tuple[int, int]:
        found = re.fullmatch(r"(\d+)n(?:\+(\d+))?", self.rule)
        return (int(found[1]), int(found[2] or 0)) if found else (1, 0)

    @model_validator(mode="after")
    def _possible(self) -> Frames:
        step, offset = self._rule
        if step < 1 or self.most < max(1, offset):
            raise ValueError(f"no count of the rule {self.rule} is within {self.most} frames")
        return self


class Lora(_Part):
    """A low-rank adapter, loaded before anything is cast to 8 bits."""

    path: str
    """Folder, file, or hub id ("owner/name@commit")."""
    weight_name: str | None = None
    part: str | None = None
    """The denoiser it is for, where there are two: "transformer_2"."""
    scale: Annotated[float, Field(ge=-4, le=4)] = 1.0
    when: tuple[str, ...] = ()
    """Camera moves for which it is on; always, if there are none."""


class Control(_Part):
    """A second picture track that steers the model. It is made from the shot as the embedded engine
    would show it, camera move included, unless the product brings its own (`control_link` in the
    feed): a picture, which stands still, or a film, which lasts as long as the clip."""

    kind: Literal["edges", "depth", "grey", "pose"]
    """pose: a skeleton, which no product photo has; every product must bring it."""
    arg: str
    """Argument of the pipeline that takes the frames."""
    mask_arg: str | None = None
    """Argument that takes a mask, white where the model is free."""
    reference_arg: str | None = None
    """Argument that takes the product picture."""
    alone: bool = False
    """The model sees nothing of the product but this track: colours and print are its own. With
    such a preset a campaign must have a gate on `clip_product_colours`."""
    scale_arg: str | None = None
    scale: Annotated[float, Field(ge=0, le=2)] = 1.0


class Camera(_Part):
    """What the model can do for a camera move: words for the prompt, or a LoRA by its `when`."""

    text: str = ""


class Cache(_Part):
    """A feature cache of diffusers: steps that are close enough to the last are not computed."""

    kind: Literal["first_block", "taylorseer", "mag", "pyramid_attention"]
    args: dict[str, Any] = Field(default_factory=dict)

    @property
    def couples_rows(self) -> bool:
        """Whether it decides for the whole batch by a mean over it (diffusers 0.42
        `hooks/first_block_cache.py`): a row would depend on its neighbours."""
        return self.kind == "first_block"


class Vae(_Part):
    """Ways to decode in less memory."""

    tiling: Literal["auto", "on", "off"] = "auto"
    """auto: only after the card was full: tiles may show their seams."""
    slicing: bool = True


class Noise(_Part):
    """The noise that a clip starts from."""

    kind: Literal["iid", "mixed"] = "iid"
    """mixed: part of it is the same in every frame (Ge et al., Preserve Your Own Correlation,
    2023), which calms models without temporal compression."""
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the variance that all frames have in common."""


class Batch(_Part):
    """How many shots are made in one call."""

    most: Annotated[int, Field(ge=1, le=64)] = 1


class ImageCheck(_Part):
    """What a model that was just loaded must show: that it looks at the product picture."""

    least_change: Annotated[float, Field(ge=0, le=255)] = 0.5
    """Mean difference, in 8-bit steps, between clips of two pictures that share nothing."""
    least_likeness: Annotated[float, Field(ge=-1, le=1)] | None = 0.3
    """Pearson's r between the change of the pictures and that of the clips' first frames; null for
    random weights, which make noise of any picture."""


class VideoPreset(_Part):
    """One model. Every number has its source in `sources`, by the key's name."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,40}$")]
    title: str = ""
    model: Annotated[str, Field(min_length=1)]
    """Hub id ("owner/name"), or a folder: "/...", "./...", "s3://...", ".../"."""
    revision: Commit | None = None
    """Commit of the hub's repository, 40 hex digits."""
    licence: Licence
    sources: dict[str, str] = Field(default_factory=dict)
    pipeline: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+Pipeline$")] | None = None
    """Class of diffusers, where the one that the folder names would not take an image."""
    dtype: Dtype = "bfloat16"
    components: dict[str, Component] = Field(default_factory=dict)
    scheduler: Scheduler | None = None
    call: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the pipeline's call, the same for every clip."""
    rename: dict[str, str] = Field(default_factory=dict)
    """Our name of an argument to the pipeline's: {num_frames: frames}."""
    prompt: Annotated[str, Field(max_length=2000)] = (
        "{title}, product shot in a studio, slow {move} of the camera"
    )
    negative_prompt: str = ""
    size: Size
    frames: Frames
    lora: tuple[Lora, ...] = ()
    control: Control | None = None
    camera: dict[str, Camera] = Field(default_factory=dict)
    """Moves that it can do. Empty: all of them, by their names in the prompt."""
    cache: Cache | None = None
    attention: str = "_native_cudnn"
    """Backend of diffusers' attention. Those named *_hub fetch kernels when they run: refused."""
    compile: Literal["none", "regional"] = "none"
    vae: Vae = Vae()
    offload: Literal["none", "text_encoder", "model"] = "none"
    """text_encoder: off the card while it has nothing to do. model: each part in turn (slow)."""
    noise: Noise = Noise()
    batch: Batch = Batch()
    image_check: ImageCheck = ImageCheck()

    @property
    def is_hub_id(self) -> bool:
        """Whether `model` names a repository of the model hub."""
        return is_hub_id(self.model)

    def part_paths(self) -> list[str]:
        """Paths of the parts that have weights of their own, each once."""
        paths = [part.path for part in self.components.values() if part.path]
        return list(dict.fromkeys([*paths, *(lora.path for lora in self.lora)]))

    def moves(self) -> tuple[str, ...] | None:
        """Camera moves that it can do; None for all of them."""
        return tuple(self.camera) or None

    def making(self) -> dict[str, Any]:
        """All that changes a pixel, as plain data, for the key: not where weights lie, nor what
        was said about them, nor what only costs memory or time."""
        plain = self.model_dump(
            mode="json",
            by_alias=True,
            exclude={
                "name": True, "title": True, "model": True, "revision": True, "licence": True,
                "sources": True, "offload": True, "batch": True, "image_check": True,
                "components": {"__all__": {"path"}}, "lora": {"__all__": {"path"}},
            },
        )  # fmt: skip
        return dict(plain)

    @field_validator("prompt")
    @classmethod
    def _known_names(cls, prompt: str) -> str:
        try:
            named = [name for _, name, _, _ in Formatter().parse(prompt) if name is not None]
        except ValueError:  # a brace without its partner
            named = ["{"]
        if any(name not in PROMPT_NAMES for name in named):
            braces = ", ".join(f"{{{name}}}" for name in PROMPT_NAMES)
            raise ValueError(f"in braces there can only be one of {braces}; write {{{{ for a brace")
        return prompt

    @field_validator("attention")
    @classmethod
    def _nothing_from_a_hub(cls, attention: str) -> str:
        if attention.endswith("_hub"):
            raise ValueError("it would fetch kernels from a hub when it runs; use _native_cudnn")
        return attention

    @model_validator(mode="after")
    def _fits_together(self) -> VideoPreset:
        if self.cache is not None and self.cache.couples_rows and self.batch.most > 1:
            raise ValueError(
                f"cache {self.cache.kind} decides for a whole batch at once; set batch.most to 1"
            )
        if self.noise.kind == "iid" and self.noise.alpha:
            raise ValueError("noise.alpha is for noise.kind mixed; set the kind, or leave it out")
        moves = {move for lora in self.lora for move in lora.when}
        if unknown := sorted(moves - set(self.camera)):
            raise ValueError(f"lora.when names {', '.join(unknown)}, which `camera` does not have")
        return self


def is_hub_id(model: str) -> bool:
    """Whether it is "owner/name", a repository of the model hub, and no folder."""
    return re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", model) is not None


def merged(raw: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`raw` with the keys of `over` on top, mappings merged key by key."""
    out = dict(raw)
    for name, value in over.items():
        below = out.get(name)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        out[name] = merged(below, value) if both else value  # type: ignore[arg-type]
    return out
