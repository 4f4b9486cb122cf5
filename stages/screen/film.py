"""Film gate: a shop's own film of the product is checked and made plain, or refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.shared.ffmpeg import FfmpegError, input_options, run_ffmpeg
from stages.shared.kinds import FILM_DEMUXERS, demuxer_of

GATE = "screen.film"
PROBE = Path(__file__).with_name("film_probe.py")

MAX_BYTES = 300_000_000
MIN_SIDE_PX, MAX_SIDE_PX, LONG_SIDE_PX = 360, 8192, 1920
MAX_LENGTH_S = 600.0
USED_S = 12.0
"""Only so much of a film is looked at and kept: two shots at their longest."""
MIN_USED_S = 1.5

SPOT_FPS = 24.0
SLOWEST = 23.4
"""A film's frames are shown one by one, 24 a second, so that its motion is steady: 25 a second
play at 96 % of their speed, 30 at 80 %, 60 by every second one. Films below this rate are mixed."""

PQ, HLG = 16, 18
WIDE_PRIMARIES = (9, 11, 12)  # BT.2020, DCI-P3, Display P3
UNSAID = 2


class BadFilm(ValueError):
    """The film cannot be used: stable `code` and a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Film:
    """A film made plain: H.264, upright, square pixels, BT.709 in 8 bits, one frame after the
    other for `SPOT_FPS`, no sound."""

    path: Path
    frames: int
    notes: tuple[str, ...]
    """What it was and what was changed, for the evidence."""


def open_film(path: Path, target: Path) -> Film:
    """Check the film at `path` (MP4, MOV, MKV, WebM) and write its beginning, made plain, to
    `target`. Raises `BadFilm`."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        said = f"The film has {size:,} bytes, more than the {MAX_BYTES:,} allowed; cut it shorter."
        raise BadFilm("film_too_large", said)
    facts = _probed(path)
    _check(facts)
    filters, notes = _filters(facts)
    options = ["-t", f"{USED_S:g}", *input_options(path)]
    if facts["codec"].startswith("vp"):
        options += ["-threads", "1"]  # same bytes on every machine
    encoding = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "14", "-threads", "1", "-g", "48"]
    exact = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"]
    try:
        said = run_ffmpeg(
            [*options, "-i", str(path), "-map", "0:v:0", "-an", "-sn", "-dn", "-vf", filters,
             *encoding, "-pix_fmt", "yuv420p", *exact, str(target)],
            timeout_s=180,
            stall_s=60,
            limited=True,
        )  # fmt: skip
    except FfmpegError as error:
        words = str(error).splitlines()[-1][:120]
        raise BadFilm(
            "film_broken", f"The film cannot be decoded ({words}); export it again."
        ) from None
    frames = int(_probed(target)["frames"]) if target.exists() else 0
    if frames < MIN_USED_S * SPOT_FPS:
        raise BadFilm(
            "film_too_short",
            f"The film gives {frames} frames, fewer than the {MIN_USED_S * SPOT_FPS:.0f} of the"
            " shortest shot; link a longer one.",
        )
    if "corrupt" in said or "partial file" in said.lower() or "Invalid NAL" in said:
        notes.append("damaged, used as far as it goes")
    return Film(target, frames, tuple(notes))


def _probed(path: Path) -> dict[str, Any]:
    demuxer = demuxer_of(path)
    facts: dict[str, Any] = {"error": "it is none of these"}
    try:
        if demuxer in FILM_DEMUXERS:  # ffmpeg is given nothing else
            command = [sys.executable, str(PROBE), str(path), str(demuxer)]
            done = subprocess.run(command, capture_output=True, timeout=60, check=False)
            facts = json.loads(done.stdout.decode() or "{}")
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        facts = {}
    if "codec" not in facts:
        why = facts.get("error", "its decoder failed")
        raise BadFilm(
            "film_broken",
            f"The film cannot be opened as MP4, MOV, MKV or WebM ({why}); export it again.",
        )
    return dict(facts)


def _check(facts: dict[str, Any]) -> None:
    width, height = facts["width_px"], facts["height_px"]
    shown = f"The film has {width} x {height} pixels"
    if max(width, height) > MAX_SIDE_PX:
        raise BadFilm("film_too_large", f"{shown}, more than {MAX_SIDE_PX} a side; scale it down.")
    if min(width, height) < MIN_SIDE_PX:
        reason = f"{shown}; its short side must have {MIN_SIDE_PX}."
        raise BadFilm("film_too_small", reason)
    if facts["length_s"] > MAX_LENGTH_S:
        raise BadFilm(
            "film_too_long",
            f"The film lasts {facts['length_s']:.0f} s, more than {MAX_LENGTH_S:.0f}; cut out what"
            " the spot should show.",
        )
    if 0 < facts["length_s"] < MIN_USED_S:
        reason = f"The film lasts {facts['length_s']:.1f} s; a shot takes {MIN_USED_S:g} s or more."
        raise BadFilm("film_too_short", reason)


def _filters(facts: dict[str, Any]) -> tuple[str, list[str]]:
    """The filter chain that makes it plain, and notes on what it does."""
    notes = [f"{facts['width_px']} x {facts['height_px']} px, {facts['codec']}"]
    chain = []
    if facts["interlaced"]:
        chain.append("bwdif=mode=send_frame:deint=interlaced")
        notes.append("deinterlaced")
    if facts["rotation"]:
        notes.append("turned upright")
    rate = facts["rate"] if 1 <= facts["rate"] <= 1000 else SPOT_FPS
    steps = [step for step in range(1, 60) if rate / step >= SLOWEST]
    step = min(steps, key=lambda step: abs(rate / step - SPOT_FPS), default=0)
    if step:
        kept = rate / step
        chain.append(f"fps={kept:.6f}")
        notes.append(f"{rate:.3g} frames a second, played at {SPOT_FPS / kept:.0%} of its speed")
    else:
        chain.append(f"framerate=fps={SPOT_FPS:g}:scene=100")
        notes.append(f"{rate:.3g} frames a second, mixed to {SPOT_FPS:g}")
    # Down, never up, and to square pixels of even number.
    fit = f"min(1,{LONG_SIDE_PX}/max(iw*sar,ih))"
    chain.append(f"scale=w='trunc(iw*sar*{fit}/2)*2':h='trunc(ih*{fit}/2)*2':flags=area")
    chain.append("setsar=1")
    tone, note = _tone(facts)
    notes += note
    # The frames say it: what an encoder is told alone, ffmpeg takes back.
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    return ",".join([*chain, *tone, tags]), notes


def _tone(facts: dict[str, Any]) -> tuple[list[str], list[str]]:
    """To BT.709: BT.2408's reference white for what is HDR, a matrix for the rest."""
    transfer, primaries = facts["transfer"], facts["primaries"]
    if transfer in (PQ, HLG):
        source = f"tin={'smpte2084' if transfer == PQ else 'arib-std-b67'}:pin=bt2020:min=bt2020nc"
        note = f"HDR ({'PQ' if transfer == PQ else 'HLG'}) to BT.709"
        return [
            f"zscale={source}:t=linear:npl=203", "format=gbrpf32le", "zscale=p=bt709",
            "tonemap=tonemap=mobius:desat=0", "zscale=t=bt709:m=bt709:r=tv", "format=yuv420p",
        ], [note]  # fmt: skip
    if primaries in WIDE_PRIMARIES:
        known = {9: "bt2020", 11: "smpte431", 12: "smpte432"}[primaries]
        matrix = "bt2020nc" if facts["matrix"] in (9, 10) else "bt709"
        source = f"pin={known}:tin=bt709:min={matrix}"
        return [
            f"zscale={source}:p=bt709:t=bt709:m=bt709:r=tv", "format=yuv420p",
        ], ["wide colours to BT.709"]  # fmt: skip
    said = ""
    if facts["matrix"] == UNSAID:  # what players take for it
        said = f":in_color_matrix={'bt709' if facts['height_px'] >= 720 else 'bt601'}"
    return [f"scale=out_color_matrix=bt709:out_range=tv{said}", "format=yuv420p"], []
