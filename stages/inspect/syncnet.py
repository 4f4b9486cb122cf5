"""SyncNet: two networks that put what a mouth does and what is heard into one space.

Chung and Zisserman, "Out of time: automated lip sync in the wild" (2016). The layers and the names
of the tensors are those of the weights that its authors published (`syncnet_v2.model`), so that
these load; none come with Spotmill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stages.shared.packages import gpu_package

SIDE_PX = 224
FPS = 25
FRAMES = 5
"""Frames that one look at the mouth takes: 0.2 s."""
STEPS = 20
"""Cepstra that one look at the sound takes: as long."""
STEPS_PER_FRAME = 4
WIDTH = 1024
"""Of an embedding."""
BATCH = 16
SUFFIXES = (".safetensors", ".model", ".pth", ".pt", ".bin")
"""Files that may be weights, the first kind that a folder has."""


class WeightsRefused(ValueError):
    """A file that is not SyncNet's weights; the message names the tensor and the fix."""


@dataclass(frozen=True)
class _Layer:
    """A convolution with normalisation, and what is pooled behind it: (kernel, stride, padding)."""

    channels: int
    kernel: tuple[int, ...]
    stride: tuple[int, ...] | int = 1
    padding: tuple[int, ...] | int = 0
    pool: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...] | int] | None = None


_SOUND = (
    _Layer(64, (3, 3), padding=1, pool=((1, 1), (1, 1), 0)),
    _Layer(192, (3, 3), padding=1, pool=((3, 3), (1, 2), 0)),
    _Layer(384, (3, 3), padding=1),
    _Layer(256, (3, 3), padding=1),
    _Layer(256, (3, 3), padding=1, pool=((3, 3), (2, 2), 0)),
    _Layer(512, (5, 4)),
)
_MOUTH = (
    _Layer(96, (5, 7, 7), stride=(1, 2, 2), pool=((1, 3, 3), (1, 2, 2), 0)),
    _Layer(256, (1, 5, 5), (1, 2, 2), (0, 1, 1), ((1, 3, 3), (1, 2, 2), (0, 1, 1))),
    _Layer(256, (1, 3, 3), padding=(0, 1, 1)),
    _Layer(256, (1, 3, 3), padding=(0, 1, 1)),
    _Layer(256, (1, 3, 3), padding=(0, 1, 1), pool=((1, 3, 3), (1, 2, 2), 0)),
    _Layer(512, (1, 6, 6)),
)


class SyncNet:
    """The loaded networks, on the GPU if there is one."""

    def __init__(self, weights: Path) -> None:
        """Load a file or a folder with one. Raises `WeightsRefused`, `FileNotFoundError`."""
        torch = _torch()
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        if self._device == "cpu":
            torch.set_num_threads(1)  # the pool of workers fills the cores
        networks = new_networks()
        _adopt(networks, read_weights(weights), weights.name)
        self._networks = networks.to(self._device).eval()

    def mouths(self, frames: np.ndarray) -> np.ndarray:
        """Embeddings, float32 (n - 4, 1024), of every five neighbours of frames, uint8 RGB
        (n, 224, 224, 3) at 25 a second: the first of the five names the row."""
        # The weights know pictures as OpenCV reads them: blue first, 0 to 255.
        video = np.ascontiguousarray(frames[..., ::-1].transpose(3, 0, 1, 2))
        looks = range(0, len(frames) - FRAMES + 1, BATCH)
        parts = [video[None, :, n : n + BATCH + FRAMES - 1] for n in looks]
        return self._embedded("netcnnlip", "netfclip", parts)

    def sounds(self, cepstra: np.ndarray) -> np.ndarray:
        """Embeddings, float32 (n, 1024), of cepstra (13, steps): one for each frame at 25 a second
        that has 0.2 s of sound from its beginning on."""
        count = max(0, (cepstra.shape[1] - STEPS) // STEPS_PER_FRAME + 1)
        if not count:
            return np.zeros((0, WIDTH), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(cepstra, STEPS, axis=1)
        windows = windows[:, ::STEPS_PER_FRAME][:, :count].transpose(1, 0, 2)[:, None]
        parts = [windows[n : n + 8 * BATCH] for n in range(0, count, 8 * BATCH)]
        return self._embedded("netcnnaud", "netfcaud", parts)

    def _embedded(self, layers: str, head: str, parts: Sequence[np.ndarray]) -> np.ndarray:
        torch, found = _torch(), []
        with torch.inference_mode():
            for part in parts:
                given = torch.from_numpy(np.ascontiguousarray(part)).to(self._device).float()
                seen = self._networks[layers](given)
                if seen.shape[0] == 1 and seen.dim() == 5:  # a film: one row per moment
                    seen = seen[0].transpose(0, 1)
                found.append(self._networks[head](seen.flatten(1)).cpu().numpy())
        every = np.concatenate(found) if found else np.zeros((0, WIDTH), np.float32)
        if not np.isfinite(every).all():
            raise FloatingPointError("the lip model makes no numbers of this spot")
        return every


def new_networks() -> Any:
    """The four parts with random weights, a `ModuleDict` whose tensors bear the published names."""
    nn = _torch().nn
    return nn.ModuleDict(
        {
            "netcnnaud": _stack(nn, 1, _SOUND, flat=True),
            "netfcaud": _head(nn),
            "netcnnlip": _stack(nn, 3, _MOUTH, flat=False),
            "netfclip": _head(nn),
        }
    )


def read_weights(path: Path) -> Mapping[str, Any]:
    """The tensors of a file, or of the one file of weights in a folder; no code of it is run."""
    torch = _torch()
    if path.is_dir():
        path = _only_file(path)
    if path.suffix == ".safetensors":
        return dict(gpu_package("safetensors.torch", _WHO, _WHY).load_file(str(path)))
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a pickle of anything else, a page of a website, half a file
        raise WeightsRefused(
            f"{path.name} is no state dict that torch reads without running its code"
            f" ({str(error).splitlines()[0][:120]}); give the published file, or a .safetensors"
        ) from error
    if not isinstance(found, Mapping):
        raise WeightsRefused(f"{path.name} holds {type(found).__name__}, not tensors by name")
    return found


def _only_file(folder: Path) -> Path:
    for suffix in SUFFIXES:
        files = sorted(folder.glob(f"*{suffix}"))
        if len(files) > 1:
            names = ", ".join(file.name for file in files)
            raise WeightsRefused(f"{folder.name} has {names}; name the one that is SyncNet's")
        if files:
            return files[0]
    raise FileNotFoundError(f"{folder} has no weights ({', '.join(SUFFIXES)})")


def _adopt(networks: Any, weights: Mapping[str, Any], name: str) -> None:
    """Load the weights. Raises `WeightsRefused` naming the first tensor that does not fit."""
    wanted = networks.state_dict()
    fix = "it takes SyncNet's weights (syncnet_v2.model)"
    for tensor, own in wanted.items():
        if tensor.endswith("num_batches_tracked"):
            continue  # old files lack it, and nothing here reads it
        if tensor not in weights:
            raise WeightsRefused(f"{name} has no tensor {tensor}; {fix}")
        given, needed = tuple(weights[tensor].shape), tuple(own.shape)
        if given != needed:
            raise WeightsRefused(f"{name}: {tensor} is {given} and not {needed}; {fix}")
    if unknown := sorted(set(weights) - set(wanted)):
        raise WeightsRefused(f"{name} has a tensor {unknown[0]}, which SyncNet lacks; {fix}")
    networks.load_state_dict(dict(weights), strict=False)


def _stack(nn: Any, channels: int, layers: Sequence[_Layer], flat: bool) -> Any:
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d)
    convolution, norm, pool = kinds if flat else (nn.Conv3d, nn.BatchNorm3d, nn.MaxPool3d)
    parts: list[Any] = []
    for layer in layers:
        parts.append(
            convolution(channels, layer.channels, layer.kernel, layer.stride, layer.padding)
        )
        parts += [norm(layer.channels), nn.ReLU()]
        if layer.pool is not None:
            parts.append(pool(*layer.pool))
        channels = layer.channels
    return nn.Sequential(*parts)


def _head(nn: Any) -> Any:
    width = _SOUND[-1].channels
    return nn.Sequential(
        nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, WIDTH)
    )


_WHO, _WHY = "lip_model of inspect", "run SyncNet"


def _torch() -> Any:
    return gpu_package("torch", _WHO, _WHY)
