"""Makes the pictures of the messy feed from the demo's product photos, the same on every run."""

from __future__ import annotations

import argparse
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
PHOTOS = HERE.parent / "demo" / "products"
ORIENTATION = 0x0112  # EXIF tag


def plain(name: str, out: Path) -> None:
    """The demo photo as it is."""
    _photo(name).save(out, quality=88)


def heavy(name: str, out: Path) -> None:
    """A JPEG of 9 to 10 MB, as a studio delivers it: 3000 px with sensor noise."""
    large = np.asarray(_photo(name).resize((3000, 3000), Image.Resampling.LANCZOS), np.int16)
    noise = np.random.default_rng(9).normal(0, 6, large.shape)
    picture = Image.fromarray((large + noise).clip(0, 255).astype(np.uint8))
    for quality in range(90, 101):
        picture.save(out, quality=quality, subsampling=0)
        if out.stat().st_size >= 9_000_000:
            break


def sideways(name: str, out: Path) -> None:
    """Lying on its side, with the EXIF flag of a phone that says how to turn it."""
    turned = _photo(name).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turn it a quarter clockwise
    turned.save(out, quality=88, exif=exif)


def print_colours(name: str, out: Path) -> None:
    """CMYK, as it went to the printer."""
    _photo(name).convert("CMYK").save(out, quality=88)


def truncated(name: str, out: Path) -> None:
    """A JPEG whose upload stopped half way."""
    plain(name, out)
    content = out.read_bytes()
    out.write_bytes(content[: len(content) // 2])


def tiny(name: str, out: Path) -> None:
    """A thumbnail."""
    _photo(name).resize((180, 180)).save(out, quality=88)


def bomb(name: str, out: Path) -> None:
    """A PNG of some 110 kB that would take 900 MB to decode."""
    side = 30_000
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", data), (b"IEND", b"")]
    out.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks))


PICTURES: dict[str, tuple[Callable[[str, Path], None], str]] = {
    "mug.jpg": (plain, "mug.jpg"),
    "lamp.jpg": (plain, "lamp.jpg"),
    "candle.jpg": (plain, "candle.jpg"),
    "speaker.jpg": (plain, "speaker.jpg"),
    "heavy.jpg": (heavy, "perfume.jpg"),
    "sideways.jpg": (sideways, "headphones.jpg"),
    "print.jpg": (print_colours, "serum.jpg"),
    "watch.jpg": (plain, "watch.jpg"),
    "truncated.jpg": (truncated, "speaker.jpg"),
    "tiny.jpg": (tiny, "candle.jpg"),
    "bomb.png": (bomb, "mug.jpg"),
}
"""File name, to what makes it and from which photo of the demo."""


def make_images(out: Path, only: tuple[str, ...] = ()) -> list[Path]:
    """Write the pictures into a folder and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for name, (make, photo) in PICTURES.items():
        if not only or name in only:
            make(photo, out / name)
            made.append(out / name)
    return made


def _photo(name: str) -> Image.Image:
    with Image.open(PHOTOS / name) as image:
        return image.convert("RGB")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "images", help="folder to write to")
    for path in make_images(parser.parse_args().out):
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
