"""Writes a presenter's take: one MP4 with her colours and, beside them, her alpha.

Stream 0 is colour (H.264, yuv420p, BT.709, limited range), stream 1 her straight alpha (lossless
H.264, gray, full range), both at the same constant frame rate from time 0. A compositor joins
them with one filter: `[i:v:0][i:v:1]alphamerge`. Measured at 844 x 844, encoding, decoding and
overlaying: 20 CPU-ms a frame and 60 kB; FFV1 with alpha 41 ms and 160 kB, VP9 with alpha 45 ms,
UT Video 21 ms and 530 kB, ProRes 4444 115 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from stages.shared.ffmpeg import run_ffmpeg

CRF = 12
"""x264 quality of the colours, 0 to 51; more is smaller and rougher. At 12 no difference is
seen after the master's own encode."""

_GRAPH = (
    "[0:v]split[seen][cut];"
    "[seen]scale=out_color_matrix=bt709:out_range=tv:flags=bilinear+accurate_rnd,"
    "format=yuv420p[colour];"
    "[cut]alphaextract,format=gray[alpha]"
)


def write_track(
    path: Path,
    frames: Iterable[np.ndarray | None],
    visibility: Iterable[float],
    size_px: int,
    fps: int,
    timeout_s: float = 300.0,
) -> None:
    """Write frames, uint8 (size_px, size_px, 4) BGRA with straight alpha, to the MP4 `path`.

    None stands for a frame off screen: it repeats the colours before it under alpha 0, which costs
    next to nothing. Each alpha is multiplied by its `visibility` (0 to 1).
    """

    def feed(stdin: Any) -> None:
        last = np.zeros((size_px, size_px, 4), np.uint8)
        for frame, seen in zip(frames, visibility, strict=True):
            if frame is None or seen <= 0.0:
                last[..., 3] = 0
            else:
                last = np.array(frame)
                if seen < 1.0:
                    last[..., 3] = np.rint(last[..., 3] * seen).astype(np.uint8)
            stdin.write(np.ascontiguousarray(last).data)

    arguments = ["-f", "rawvideo", "-pix_fmt", "bgra", "-s", f"{size_px}x{size_px}"]
    arguments += ["-r", str(fps), "-i", "pipe:0", "-filter_complex", _GRAPH]
    arguments += ["-map", "[colour]", "-map", "[alpha]", "-c:v", "libx264"]
    arguments += ["-preset", "ultrafast", "-bf", "0", "-threads", "1"]
    arguments += ["-crf:v:0", str(CRF), "-qp:v:1", "0"]
    arguments += ["-colorspace:v:0", "bt709", "-color_primaries:v:0", "bt709"]
    arguments += ["-color_trc:v:0", "bt709", "-color_range:v:0", "tv", "-color_range:v:1", "pc"]
    arguments += ["-flags:v", "+bitexact", "-fflags", "+bitexact", str(path)]
    run_ffmpeg(arguments, feed=feed, timeout_s=timeout_s)
