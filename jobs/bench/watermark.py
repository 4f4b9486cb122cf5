"""What the watermark survives, what it costs, and how often it is seen where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jobs.bench.quality import judged, raw_input
from jobs.bench.usage import Usage
from jobs.bench.watermark_attacks import Attack, attack_picture
from jobs.bench.watermark_clips import write_raw
from schemas.encoding import Encoding
from schemas.layout import FORMATS, Format
from stages.composite.composite import _write_carrier
from stages.composite.encoders import chosen_encoder, video_options
from stages.composite.graph import FILE_OPTIONS, MERGED
from stages.composite.joining import SAME_COLOUR
from stages.shared.ffmpeg import decode_frames, run_ffmpeg
from stages.shared.watermark import (
    GRID_HEIGHT,
    GRID_WIDTH,
    MOST_TRIALS,
    Detection,
    SoundDetection,
    detect,
    match,
    threshold,
)

Told = Callable[[str], None]
SECRET, MARK = "the key of the benchmark", 0xA1B2C3D4E5F6
ISSUED = 10_000_000
"""Ids that a ledger is taken to hold: what fits must do so for as many."""
MATCHED = 200_000
"""Ids that are really tried on each copy, the right one among them."""


@dataclass(frozen=True)
class Row:
    """One copy of one clip: what both readers made of it. `best` is the best of the wrong ids."""

    kind: str
    clip: str
    attack: str
    blind: bool
    ledger: bool
    errors: int | None
    sync_z: float
    z: float
    best: float
    cpu_s: float
    """Of decoding and reading, both readers."""


@dataclass
class Found:
    """Everything that one run of the benchmark found."""

    seconds: float
    strength: float
    rows: list[Row] = field(default_factory=list)
    prices: list[dict[str, Any]] = field(default_factory=list)
    """Per clip: VMAF and size without and with the mark, CPU seconds of both encodes."""
    sounds: list[dict[str, Any]] = field(default_factory=list)
    """Per mix: DNSMOS and word errors without and with the mark, CPU seconds."""
    ways: list[dict[str, Any]] = field(default_factory=list)
    """Embedding in ffmpeg's graph against Python's frames."""
    trials: list[dict[str, Any]] = field(default_factory=list)
    """Unmarked or under a wrong key: how many were read, and the highest peaks."""

    def as_json(self) -> dict[str, Any]:
        """All figures."""
        return asdict(self)


@dataclass(frozen=True)
class Clip:
    """A clip as it is put together, before the encode, raw, and with it the mark's frame."""

    content: str
    frame: Format
    raw: Path
    mark: Path
    folder: Path

    def encode(self, target: Path, *, marked: bool) -> None:
        """By the compositor's graph and settings."""
        encoding = Encoding()
        options = video_options(self.frame, encoding, chosen_encoder(encoding)[0])
        coding = [text for key, value in (options | FILE_OPTIONS).items() if key != "format"
                  for text in (f"-{key}", str(value))]  # fmt: skip
        inputs, graph = raw_input(self.frame, str(self.raw)), []
        if marked:
            inputs += raw_input(self.frame, str(self.mark))
            tags = ":".join(f"{key}={value}" for key, value in SAME_COLOUR.items())
            merge = f"blend={':'.join(f'{key}={value}' for key, value in MERGED.items())}"
            graph = ["-filter_complex", f"[0:v]setparams={tags}[a];[1:v]setparams={tags}[b];"
                     f"[a][b]{merge}"]  # fmt: skip
        one = ["-filter_complex_threads", "1"]
        run_ffmpeg([*one, *inputs, *graph, "-an", *coding, str(target)], timeout_s=1800)


def drawn_clips(contents: Sequence[str], seconds: float, folder: Path) -> Iterator[Clip]:
    """Each clip in turn; its raw file, 93 MB a second, is gone when the next is asked for."""
    frame = FORMATS["9x16"]
    mark = folder / "mark.yuv"
    for content in contents:
        raw = folder / "clip.yuv"
        with raw.open("wb") as file:
            write_raw(content, frame, seconds, file)
        _write_carrier(mark, MARK, SECRET, frame, _seen(raw, frame))
        yield Clip(content, frame, raw, mark, folder)
        raw.unlink()


def _seen(raw: Path, frame: Format) -> Iterator[np.ndarray]:
    """Three frames in grey, as the compositor takes one from within each shot."""
    rows = frame.height_px * 3 // 2
    film = np.memmap(raw, np.uint8, "r").reshape(-1, rows, frame.width_px)
    for share in (0.13, 0.4, 0.67):
        yield np.array(film[round(share * len(film)), : frame.height_px])


def measure_picture(
    found: Found, clip: Clip, attacks: Sequence[Attack], told: Told
) -> list[np.ndarray]:  # fmt: skip
    """Adds what is found of a clip; returns frames of unmarked copies and of the marked file, for
    the trials under other keys."""
    plain, marked = clip.folder / "plain.mp4", clip.folder / "marked.mp4"
    with Usage() as bare:
        clip.encode(plain, marked=False)
    with Usage() as full:
        clip.encode(marked, marked=True)
    vmaf = [judged(path, clip.raw, clip.frame, clip.folder) for path in (plain, marked)]
    found.prices.append(
        {
            "clip": clip.content, "vmaf_plain": vmaf[0][0], "vmaf_marked": vmaf[1][0],
            "vmaf_loss": vmaf[0][0] - vmaf[1][0], "psnr_loss_db": vmaf[0][2] - vmaf[1][2],
            "bytes_plain": plain.stat().st_size, "bytes_marked": marked.stat().st_size,
            "cpu_plain_s": bare.cpu_s, "cpu_marked_s": full.cpu_s,
            "cpu_extra_s": full.cpu_s - bare.cpu_s, "ratio": full.cpu_s / bare.cpu_s,
        }
    )  # fmt: skip
    told(f"{clip.content}: VMAF {vmaf[0][0]:.1f} without, {vmaf[1][0]:.1f} with the mark")
    copy = clip.folder / "copy.mp4"
    for attack in attacks:
        # An excerpt from the middle: neither the first key frame nor the end card.
        attack_picture(marked, attack, copy, 0.4 * found.seconds if attack.seconds else 0.0)
        found.rows.append(_read(clip.content, attack.name, copy))
        told(f"{clip.content}, {attack.name}: {in_words(found.rows[-1])}")
    attack_picture(plain, Attack("", "scale=720:-2"), copy)
    return [np.stack(list(_frames(path))) for path in (plain, copy, marked)]


def _frames(path: Path) -> Iterator[np.ndarray]:
    return decode_frames(path, GRID_WIDTH, GRID_HEIGHT, fps=5, pixels="gray")


def _read(content: str, attack: str, copy: Path) -> Row:
    with Usage() as used:
        read = detect(_frames(copy), secret=SECRET)
        row = judged_row("picture", content, attack, read)
    return row(used.cpu_s)


def judged_row(
    kind: str, content: str, attack: str, read: Detection | SoundDetection
) -> Callable[[float], Row]:
    """What both readers make of a detection; to be given the CPU seconds that it took.

    The ledger's reader must be beyond the threshold of `ISSUED` ids, and find none that fits
    better among those of `MATCHED`.
    """
    fit = match(read.soft_bits, issued())
    other = match(read.soft_bits, issued()[1:])
    assert fit is not None and other is not None
    own = match(read.soft_bits, issued()[:1])
    assert own is not None
    sure = fit.id == MARK and fit.z >= threshold(ISSUED * len(read.soft_bits))
    return lambda cpu_s: Row(
        kind, content, attack, read.payload == MARK, read.payload == MARK or sure,
        read.errors_corrected, read.sync_z, own.z, other.z, cpu_s,
    )  # fmt: skip


_ISSUED: list[np.ndarray] = []


def issued() -> np.ndarray:
    """The ids that are tried, the right one first."""
    if not _ISSUED:
        ids = np.random.default_rng(48).integers(0, 1 << 48, MATCHED, dtype=np.uint64)
        ids[0] = MARK
        _ISSUED.append(ids)
    return _ISSUED[0]


def compare_ways(found: Found, clip: Clip) -> None:
    """The mark by ffmpeg's graph against frames that pass through Python, on one clip."""
    marked = clip.folder / "way.mp4"
    plain = clip.folder / "plain.mp4"
    attack = Attack("", "scale=540:-2", ("-crf", "30"))
    copy = clip.folder / "way-copy.mp4"
    with Usage() as bare:
        clip.encode(plain, marked=False)
    for name, encode in (("ffmpeg graph", _by_graph), ("Python frames", _by_frames)):
        with Usage() as used:
            begun = time.monotonic()
            encode(clip, marked)
            wall_s = time.monotonic() - begun
        attack_picture(marked, attack, copy)
        row = _read(clip.content, "540p CRF 30", copy)
        vmaf = judged(marked, clip.raw, clip.frame, clip.folder)[0]
        found.ways.append(
            {
                "way": name, "clip": clip.content, "cpu_s": used.cpu_s,
                "cpu_extra_s": used.cpu_s - bare.cpu_s, "wall_s": wall_s, "z": row.z,
                "sync_z": row.sync_z, "errors": row.errors, "vmaf": vmaf,
            }
        )  # fmt: skip


def _by_graph(clip: Clip, target: Path) -> None:
    clip.encode(target, marked=True)


def _by_frames(clip: Clip, target: Path) -> None:
    """Frames out of one ffmpeg, the pattern added in numpy, and into the one that encodes."""
    encoding, frame = Encoding(), clip.frame
    options = video_options(frame, encoding, chosen_encoder(encoding)[0])
    coding = [text for key, value in (options | FILE_OPTIONS).items() if key != "format"
              for text in (f"-{key}", str(value))]  # fmt: skip
    luma = frame.width_px * frame.height_px
    step = np.fromfile(clip.mark, np.uint8, luma).astype(np.int16) - 128

    def feed(stream: Any) -> None:
        with clip.raw.open("rb") as raw:
            while data := raw.read(luma * 3 // 2):
                picture = np.frombuffer(data, np.uint8).copy()
                picture[:luma] = (picture[:luma] + step).clip(0, 255).astype(np.uint8)
                stream.write(picture.data)

    run_ffmpeg([*raw_input(frame, "pipe:0"), "-an", *coding, str(target)], feed=feed)


def in_words(row: Row) -> str:
    """For the progress line."""
    blind = f"read, {row.errors} bits put right" if row.blind else "not read blind"
    return f"{blind}; z {row.z:.1f}{'' if row.ledger else ', NOT MATCHED'}"


def shares(rows: Sequence[Row]) -> tuple[float, float]:
    """(blind, with the ledger): parts of the copies that were led back, 0 to 1."""
    if not rows:
        return 0.0, 0.0
    return (
        sum(row.blind for row in rows) / len(rows),
        sum(row.ledger for row in rows) / len(rows),
    )  # fmt: skip


def bounds() -> dict[str, float]:
    """Computed, not counted: chances that a video without a mark gives one all the same, and what
    a fit must reach for `ISSUED` ids."""
    from stages.shared.watermark import blind_chance
    from stages.shared.watermark.bch import CORRECTABLE

    return {
        "blind": blind_chance(CORRECTABLE, MOST_TRIALS),
        "ledger": 1e-6,
        "z_for_ten_million": threshold(ISSUED * MOST_TRIALS),
    }
