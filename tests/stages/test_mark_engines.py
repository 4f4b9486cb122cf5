"""What every engine for the watermark in pictures must do."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from stages.shared.watermark import match
from stages.shared.watermark.engine import MarkEngine, SpreadSpectrum, read_with
from stages.shared.watermark.video_seal import VideoSeal

PAYLOAD, SECRET = 0xA1B2C3D4E5F6, "under the rose"

TINY = '''
import torch
class Tiny(torch.nn.Module):
    """A model with VideoSeal's calls: each bit lightens or darkens a tile of a 16 x 16 board."""
    def board(self, bits: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        tiles = (bits * 2 - 1).reshape(-1, 1, 16, 16)
        return torch.nn.functional.interpolate(tiles, size=like.shape[-2:], mode="nearest")
    def forward(self, pictures: torch.Tensor, bits: torch.Tensor) -> torch.Tensor:
        return self.embed(pictures, bits)
    @torch.jit.export
    def embed(self, pictures: torch.Tensor, bits: torch.Tensor) -> torch.Tensor:
        return pictures + 0.02 * self.board(bits, pictures)
    @torch.jit.export
    def detect(self, pictures: torch.Tensor) -> torch.Tensor:
        fine = pictures.mean(1, keepdim=True) - 0.5
        said = torch.nn.functional.adaptive_avg_pool2d(fine, (16, 16)).reshape(-1, 256)
        return torch.cat([torch.ones(said.shape[0], 1), said], dim=1)
'''


def tiny_weights(folder: Path) -> Path:
    """A TorchScript file with the calls of the real one."""
    torch = pytest.importorskip("torch", reason="torch is not here: pip install -e '.[gpu]'")
    source = folder / "tiny_seal.py"
    source.write_text(TINY)
    import importlib.util

    spec = importlib.util.spec_from_file_location("tiny_seal", source)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    file = folder / "tiny.jit"
    torch.jit.script(module.Tiny()).save(str(file))
    return file


def video_seal(file: Path) -> VideoSeal:
    """With a file's own digest."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return VideoSeal(weights=str(file), weights_sha256=digest, secret=SECRET, device="cpu", batch=3)


@pytest.fixture(params=["spread-spectrum", "videoseal"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> MarkEngine:
    """Each engine, loaded."""
    if request.param == "videoseal":
        made: MarkEngine = video_seal(tiny_weights(tmp_path))
    else:
        made = SpreadSpectrum(secret=SECRET, strength=1.2)
    made.load()
    return made


def frames() -> np.ndarray:
    """Seven frames of a soft grey with grain."""
    dice = np.random.default_rng(2)
    return (128 + dice.normal(0, 2, (7, 480, 272, 3))).clip(0, 255).astype(np.uint8)


class TestContract:
    """Any engine."""

    def test_what_is_put_in_is_read(self, engine: MarkEngine) -> None:
        """Would catch an engine whose bits stand in another order than the ledger's words."""
        marked = engine.mark(frames(), PAYLOAD)
        assert marked.shape == frames().shape and marked.dtype == np.uint8
        apart = np.abs(marked.astype(int) - frames()).mean()
        assert 0.1 < apart < 8
        read = read_with(engine, marked, PAYLOAD)
        assert read.payload == PAYLOAD and (read.matched_z or 0) > 8
        ids = np.random.default_rng(1).integers(0, 1 << 48, 1000, dtype=np.uint64)
        ids[99] = PAYLOAD
        found = match(read.soft_bits, ids)
        assert found is not None and found.sure and found.id == PAYLOAD

    def test_nothing_is_read_where_there_is_nothing(self, engine: MarkEngine) -> None:
        """Would catch an engine that accuses unmarked pictures."""
        read = read_with(engine, frames(), PAYLOAD)
        assert read.payload is None and abs(read.matched_z or 9) < 5


class TestVideoSeal:
    """What only the learned engine can get wrong."""

    def test_another_key_reads_nothing(self, tmp_path: Path) -> None:
        """Would catch a learned mark that anyone with the public model can read and forge."""
        own = video_seal(tiny_weights(tmp_path))
        own.load()
        marked = own.mark(frames(), PAYLOAD)
        other = video_seal(tmp_path / "tiny.jit")
        other.secret = "another"
        other.load()
        read = read_with(other, marked, PAYLOAD)
        assert read.payload is None and abs(read.matched_z or 9) < 5

    def test_weights_are_what_was_asked_for(self, tmp_path: Path) -> None:
        """Would catch code that runs because somebody changed a file, and an attempt to download
        one."""
        gone = VideoSeal(weights=str(tmp_path / "none.jit"), weights_sha256="0" * 64, secret=SECRET)
        pytest.importorskip("torch", reason="torch is not here: pip install -e '.[gpu]'")
        with pytest.raises(FileNotFoundError, match="local path"):
            gone.load()
        file = tmp_path / "changed.jit"
        file.write_bytes(b"something else")
        with pytest.raises(ValueError, match="has the sha256"):
            VideoSeal(weights=str(file), weights_sha256="0" * 64, secret=SECRET).load()
        with pytest.raises(RuntimeError, match="load"):
            gone.mark(frames(), PAYLOAD)
