"""VideoSeal: a learned watermark in pictures, from a TorchScript file at a path of your own.

Fernandez et al., "Video Seal: Open and Efficient Video Watermarking" (2024). The file is the one
that its authors publish with 256 bits (`embed(pictures, bits)`, `detect(pictures)`); nothing is
downloaded. It has no key of its own, so its bits are whitened by ours.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from stages.shared.watermark import bch
from stages.shared.watermark.spread_spectrum import word_bits

BITS = 256
"""Of a message: the 127 bits of the word twice, and two that say nothing."""


@dataclass(kw_only=True)
class VideoSeal:
    """`weights` is the TorchScript file, `device` as torch names it. Frames go in by `batch`."""

    name: ClassVar[str] = "videoseal"
    version: ClassVar[str] = "1"
    weights: str = field(metadata={"place": True})
    weights_sha256: str
    """Of the file: what is in the key, and what is loaded or nothing is."""
    secret: str = field(repr=False, metadata={"place": True})
    device: str = field(default="cuda", metadata={"place": True})
    batch: int = field(default=16, metadata={"place": True})
    _model: Any = field(init=False, repr=False, compare=False, default=None)

    def load(self) -> None:
        """Raises `ModuleNotFoundError` naming the extra, `FileNotFoundError`, `ValueError` for
        a file of another digest."""
        try:
            import torch
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                "the watermark engine videoseal needs torch: pip install -e '.[gpu]'"
            ) from None
        file = Path(self.weights)
        if not file.is_file():
            raise FileNotFoundError(
                f"{file} is not there; videoseal takes the TorchScript file of its authors"
                " (y_256b_img.jit), from a local path"
            )
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != self.weights_sha256:
            raise ValueError(f"{file} has the sha256 {found}, not {self.weights_sha256}")
        self._model = torch.jit.load(str(file), map_location=self.device).eval()

    def mark(self, frames: np.ndarray, payload: int) -> np.ndarray:
        """See `MarkEngine.mark`."""
        import torch

        model = self._loaded()
        word = word_bits(payload).astype(np.float32)
        sent = np.abs(np.concatenate([word, word, [0, 0]]) - self._whitening())
        bits = torch.from_numpy(sent.astype(np.float32))[None].to(self.device)
        marked = []
        with torch.no_grad():
            for part in self._parts(frames):
                made = model.embed(part, bits.expand(len(part), -1))
                level = made.clamp(0, 1).mul(255).round().to(torch.uint8)
                marked.append(level.permute(0, 2, 3, 1).cpu().numpy())
        return np.concatenate(marked)

    def soft_bits(self, frames: np.ndarray) -> np.ndarray:
        """See `MarkEngine.soft_bits`: the mean over frames and over both copies of a bit."""
        import torch

        model, total = self._loaded(), np.zeros(BITS)
        with torch.no_grad():
            for part in self._parts(frames):
                # The first channel says whether there is a mark, the others what its bits are.
                said = model.detect(part)[:, 1 : 1 + BITS]
                total += said.sum(dim=0).cpu().numpy()
        total *= 1 - 2 * self._whitening()
        return (total[: bch.LENGTH] + total[bch.LENGTH : 2 * bch.LENGTH])[None]

    def _loaded(self) -> Any:
        if self._model is None:
            raise RuntimeError("load() comes before frames")
        return self._model

    def _whitening(self) -> np.ndarray:
        digest = hashlib.sha256(b"spotmill learned watermark 1\0" + self.secret.encode()).digest()
        return np.unpackbits(np.frombuffer(digest, np.uint8))[:BITS].astype(np.float64)

    def _parts(self, frames: np.ndarray) -> Any:
        import torch

        for start in range(0, len(frames), self.batch):
            part = torch.from_numpy(np.ascontiguousarray(frames[start : start + self.batch]))
            yield part.to(self.device).permute(0, 3, 1, 2).float().div(255)
