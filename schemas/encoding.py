"""Encoding: how a master is coded: by what, how well, and between which rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Codec = Literal["h264", "hevc", "av1"]
Encoder = Literal["software", "auto", "nvenc"]
Profile = Literal["draft", "standard", "master"]

PROFILES: Mapping[Profile, Mapping[Codec, tuple[str, float]]] = {
    "draft": {"h264": ("superfast", 27), "hevc": ("ultrafast", 29), "av1": ("12", 48)},
    "standard": {"h264": ("superfast", 21), "hevc": ("ultrafast", 24), "av1": ("10", 35)},
    "master": {"h264": ("medium", 17), "hevc": ("fast", 19), "av1": ("6", 24)},
}
"""Preset and quality by profile and codec. `standard` was chosen by measurement: VMAF 93 or more
at no more than 4 Mbit/s for the least CPU (docs/encoding.md)."""

X264_PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
)  # fmt: skip
PRESETS: Mapping[Codec, tuple[str, ...]] = {
    "h264": X264_PRESETS,
    "hevc": X264_PRESETS,
    "av1": tuple(str(number) for number in range(4, 14)),
}
"""Fastest first for H.264 and HEVC (x264's and x265's names); SVT-AV1's fastest is 13."""

WORST_CRF: Mapping[Codec, float] = {"h264": 51, "hevc": 51, "av1": 63}

BUFFER_S = 1.0
"""Length of the decoder's buffer model (VBV): bits beyond the mean rate that may come at once."""


@dataclass(frozen=True)
class Encoding:
    """How masters are encoded. `crf` is the codec's own quality: smaller is better and larger.

    Rates are of the video, in kbit/s. The mean over any stretch stays below `most_kbps` plus one
    buffer of `BUFFER_S`, whatever is in the picture; with `least_kbps` the rate is constant, and
    what the picture does not need is filled up (H.264 in software only).
    """

    codec: Codec = "h264"
    encoder: Encoder = "software"
    """`auto`: the graphics card's, where a probe shows that it works; `nvenc`: that or nothing."""
    preset: str = PROFILES["standard"]["h264"][0]
    crf: float = PROFILES["standard"]["h264"][1]
    most_kbps: int = 8000
    least_kbps: int | None = None
    audio_kbps: int = 192
    threads: int = 4
    """Of the encoder: fixed, because the bytes depend on it."""

    def __post_init__(self) -> None:
        """Refuse what the encoder would not understand."""
        if self.preset not in PRESETS[self.codec]:
            known = ", ".join(PRESETS[self.codec])
            raise ValueError(f"preset {self.preset!r}: those of {self.codec} are {known}")
        if not 0 <= self.crf <= WORST_CRF[self.codec]:
            raise ValueError(f"crf {self.crf:g}: take 0 to {WORST_CRF[self.codec]:g}")
        if self.least_kbps is not None and self.least_kbps > self.most_kbps:
            raise ValueError(
                f"least_kbps {self.least_kbps} is above most_kbps {self.most_kbps}; no rate is both"
            )

    @property
    def largest_bytes_per_s(self) -> float:
        """What a second of video can come to at most in the long run, without the buffer."""
        return self.most_kbps * 125.0
