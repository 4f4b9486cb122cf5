"""Whether the graphics card encodes: asked of the card by encoding, not of the driver by name."""

from __future__ import annotations

from functools import lru_cache

from stages.shared.ffmpeg import FfmpegError, run_ffmpeg

NVENC = {"h264": "h264_nvenc", "hevc": "hevc_nvenc", "av1": "av1_nvenc"}
"""ffmpeg's encoders on the card by codec."""


@lru_cache(maxsize=8)
def nvenc_fault(codec: str = "h264") -> str | None:
    """Why this machine's card does not encode `codec` with the ffmpeg at hand; None if it does.

    One picture is encoded. Many data-centre cards (A100, H100) have no encoder, drivers of
    containers often lack its library, and older cards have none for AV1.
    """
    probe = ["-f", "lavfi", "-i", "testsrc=size=256x256:rate=8", "-frames:v", "1"]
    probe += ["-pix_fmt", "yuv420p", "-c:v", NVENC[codec], "-f", "null", "-"]
    try:
        run_ffmpeg(probe, timeout_s=30)
    except FfmpegError as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip()]
        told = [line.partition("] ")[2] for line in said if line.startswith(f"[{NVENC[codec]}")]
        return (told or said)[0][:200]
    return None


def nvenc_works(codec: str = "h264") -> bool:
    """Whether this machine's card encodes `codec`."""
    return nvenc_fault(codec) is None
