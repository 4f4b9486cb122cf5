"""Options of the encoders: one table per codec, and what all masters have in common."""

from __future__ import annotations

from schemas.encoding import BUFFER_S, Encoding
from schemas.layout import Format
from stages.shared.nvenc import NVENC, nvenc_fault

COLOUR = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}
SOFTWARE = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1"}
TAGS = {"h264": "avc1", "hevc": "hvc1", "av1": "av01"}
"""Sample entries: Apple's players take HEVC as hvc1 only."""
GROUP_S = 2
"""Seconds between keyframes; every group is closed, so that players may begin and cut at each."""


def chosen_encoder(encoding: Encoding) -> tuple[str, str]:
    """(ffmpeg's name of the encoder, why it is that one). Raises `RuntimeError` where NVENC is
    asked for by name and the card of this machine does not encode."""
    software = SOFTWARE[encoding.codec]
    if encoding.encoder == "software":
        return software, "as asked for"
    fault = nvenc_fault(encoding.codec)
    if fault is None:
        return NVENC[encoding.codec], "a probe was encoded on the card"
    if encoding.encoder == "nvenc":
        raise RuntimeError(
            f"{NVENC[encoding.codec]} does not work on this machine ({fault}); set encoding.encoder"
            " to auto, which then takes the software encoder"
        )
    return software, f"the card does not encode {encoding.codec}: {fault}"


def video_options(frame: Format, encoding: Encoding, encoder: str) -> dict[str, object]:
    """As every platform takes it: 4:2:0, BT.709 in the limited range, constant frame rate, closed
    groups, and never more bits than the buffer model allows."""
    own = {
        "libx264": _x264, "libx265": _x265, "libsvtav1": _svtav1,
    }.get(encoder, _nvenc)(frame, encoding)  # fmt: skip
    return {
        "c:v": encoder, "pix_fmt": "yuv420p", "r": frame.fps, "fps_mode": "cfr",
        "g": GROUP_S * frame.fps, "tag:v": TAGS[encoding.codec], "color_range": "tv",
        "video_track_timescale": frame.fps * 512, **COLOUR, **_rates(encoding), **own,
    }  # fmt: skip


def audio_options(encoding: Encoding) -> dict[str, object]:
    """AAC-LC, stereo, 48 kHz."""
    return {
        "c:a": "aac", "b:a": f"{encoding.audio_kbps}k", "ar": 48_000, "ac": 2,
        "flags:a": "+bitexact",
    }  # fmt: skip


def _rates(encoding: Encoding) -> dict[str, object]:
    most = {
        "maxrate": f"{encoding.most_kbps}k",
        "bufsize": f"{round(encoding.most_kbps * BUFFER_S)}k",
    }
    if encoding.least_kbps is None:
        return most
    # Between the two, for a constant rate has to be one of them or one between.
    rate = f"{min(round(encoding.least_kbps * 1.05), encoding.most_kbps)}k"
    return {"b:v": rate, "minrate": rate, "maxrate": rate, "bufsize": rate}


def _x264(frame: Format, encoding: Encoding) -> dict[str, object]:
    # With a lookahead thread of its own (the default) one encode in four has other bytes.
    parameters = ["sync-lookahead=0"]
    if encoding.preset in ("ultrafast", "superfast"):
        # Spots are mostly slow moves over still grounds. Weighing blocks by how long they stay
        # (mbtree), which these presets leave out, halves the bits at the same VMAF, for a tenth of
        # the time; deciding on B-frames adaptively costs another tenth and gains nothing.
        parameters += ["rc-lookahead=20", "mbtree=1", "b-adapt=0"]
    common = {"preset": encoding.preset, "profile:v": "high", "threads:v": encoding.threads}
    common["flags:v"] = "+cgop+bitexact"
    if encoding.least_kbps is not None:
        parameters += ["nal-hrd=cbr", "filler=1"]
        return {**common, "x264-params": ":".join(parameters)}
    return {
        **common, "crf": f"{encoding.crf:g}", "x264-params": ":".join(parameters),
        # x264 describes itself in an SEI message of every file: that tells nobody anything.
        "bsf:v": "filter_units=remove_types=6",
    }  # fmt: skip


def _x265(frame: Format, encoding: Encoding) -> dict[str, object]:
    group = GROUP_S * frame.fps
    parameters = [
        "log-level=error", "info=0", "open-gop=0", f"keyint={group}", "repeat-headers=0",
        f"pools={encoding.threads}", "frame-threads=2", "lookahead-slices=0",
    ]  # fmt: skip
    if encoding.preset == "ultrafast":
        parameters += ["rc-lookahead=15", "bframes=3", "aq-mode=1", "cutree=1"]
    return {
        "preset": encoding.preset, "crf": f"{encoding.crf:g}", "flags:v": "+cgop+bitexact",
        "profile:v": "main", "x265-params": ":".join(parameters),
    }  # fmt: skip


def _svtav1(frame: Format, encoding: Encoding) -> dict[str, object]:
    return {
        "preset": encoding.preset, "crf": f"{encoding.crf:g}", "flags:v": "+bitexact",
        # Key frames that nothing behind refers past: a closed group.
        "svtav1-params": f"irefresh-type=2:lp={min(encoding.threads, 6)}:scd=0:tune=1",
    }  # fmt: skip


def _nvenc(frame: Format, encoding: Encoding) -> dict[str, object]:
    # The card's scale of quality lies near x264's; it needs a step more for the same picture.
    quality = {"rc": "vbr", "cq": f"{max(encoding.crf - 1, 1):g}", "b:v": 0}
    if encoding.least_kbps is not None:
        quality = {"rc": "cbr", "cbr_padding": 1}
    profile = {"h264": "high", "hevc": "main"}.get(encoding.codec)
    return {
        "preset": "p5", "tune": "hq", "spatial-aq": 1, "rc-lookahead": 20,
        "flags:v": "+cgop+bitexact", **quality,
        **({"profile:v": profile} if profile else {}),
    }  # fmt: skip
