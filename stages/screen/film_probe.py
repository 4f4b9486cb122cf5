"""A program of its own that tells as JSON what a film is: decoders of strangers' files may crash.

    python film_probe.py FILE DEMUXER

It imports nothing of Spotmill, so that it starts fast and from any folder.
"""

from __future__ import annotations

import json
import resource
import sys

import av

CPU_S, MEMORY_BYTES = 20, 4 << 30
MOST_PIXELS = 40_000_000


def main(path: str, demuxer: str) -> None:
    """Print the facts, or {"error": ...}. Four frames are decoded."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    options = {"protocol_whitelist": "file", "format_whitelist": demuxer}
    try:
        with av.open(path, format=demuxer, options=options) as film:
            print(json.dumps(_facts(film)))
    except Exception as error:
        print(json.dumps({"error": (str(error) or type(error).__name__).splitlines()[0][:160]}))


def _facts(film: av.container.InputContainer) -> dict[str, object]:
    if not film.streams.video:
        return {"error": "it has no picture"}
    stream = film.streams.video[0]
    if stream.width * stream.height > MOST_PIXELS:
        return {"error": f"its pictures have {stream.width} x {stream.height} pixels"}
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}  # should the header lie
    seen = []
    for frame in film.decode(stream):
        seen.append(frame)
        if len(seen) == 4:
            break
    if not seen:
        return {"error": "not one of its pictures can be decoded"}
    first = seen[0]
    length_s = film.duration / 1e6 if film.duration else 0.0
    if stream.duration and stream.time_base:
        length_s = float(stream.duration * stream.time_base)
    sample = stream.sample_aspect_ratio
    return {
        "codec": stream.codec_context.name,
        "pixels": first.format.name,
        "width_px": first.width,
        "height_px": first.height,
        "sample_aspect": float(sample) if sample else 1.0,
        "rate": float(stream.average_rate or stream.base_rate or 0),
        "length_s": length_s,
        "frames": stream.frames,
        "rotation": int(first.rotation or 0),
        "interlaced": any(frame.interlaced_frame for frame in seen),
        "transfer": int(first.color_trc or 2),
        "primaries": int(first.color_primaries or 2),
        "matrix": int(first.colorspace if first.colorspace is not None else 2),
        "sound": len(film.streams.audio),
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
