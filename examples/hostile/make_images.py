"""Makes the pictures of the hostile feed from the demo's product photos, the same on every run."""

from __future__ import annotations

import argparse
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
PHOTOS = HERE.parent / "demo" / "products"
ORIENTATION = 0x0112  # EXIF tag

SVG = """<?xml version="1.0"?>
<!DOCTYPE svg [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<svg xmlns="http://www.w3.org/2000/svg" width="800" height="800">
<script>fetch("http://127.0.0.1/")</script><text y="40">&secret;</text></svg>
"""
PAGE = "<!DOCTYPE html><html><body><script>document.title = 1</script>A mug</body></html>\n"


def plain(name: str, out: Path) -> None:
    """The demo photo as it is."""
    _photo(name).save(out, quality=88)


def print_colours(name: str, out: Path) -> None:
    """CMYK, as it went to the printer."""
    _photo(name).convert("CMYK").save(out, quality=88)


def sideways(name: str, out: Path) -> None:
    """Lying on its side, with the EXIF flag of a phone that says how to turn it."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turn it a quarter clockwise
    _photo(name).transpose(Image.Transpose.ROTATE_90).save(out, quality=88, exif=exif)


def truncated(name: str, out: Path) -> None:
    """A JPEG whose upload stopped half way."""
    plain(name, out)
    content = out.read_bytes()
    out.write_bytes(content[: len(content) // 2])


def bomb(name: str, out: Path) -> None:
    """A PNG of some 110 kB that would take 900 MB to decode."""
    side = 30_000
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", data), (b"IEND", b"")]
    out.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks))


def text(content: str, name: str, out: Path) -> None:
    """No picture at all."""
    out.write_text(content)


PICTURES: dict[str, tuple[Callable[[str, Path], None], str]] = {
    **{f"{name}.jpg": (plain, f"{name}.jpg") for name in (
        "mug", "lamp", "headphones", "perfume", "speaker", "candle"
    )},
    "print.jpg": (print_colours, "serum.jpg"),
    "sideways.jpg": (sideways, "watch.jpg"),
    "truncated.jpg": (truncated, "speaker.jpg"),
    "bomb.png": (bomb, ""),
    "drawing.svg": (partial(text, SVG), ""),
    "page.jpg": (partial(text, PAGE), ""),
}  # fmt: skip
"""File name, to what makes it and from which photo of the demo."""


def make_images(out: Path) -> list[Path]:
    """Write the pictures into a folder and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    for name, (make, photo) in PICTURES.items():
        make(photo, out / name)
    return [out / name for name in PICTURES]


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
