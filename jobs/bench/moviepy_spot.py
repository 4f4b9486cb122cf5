"""A spot put together by moviepy 2, from a JSON file; runs under whichever Python has moviepy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(told: dict[str, Any]) -> None:
    """Clips with crossfades, presenter, pictures with their times, sound; one encode."""
    import moviepy as mp  # type: ignore[import-not-found]
    from moviepy import vfx  # type: ignore[import-not-found]

    layers, fade_s = [], 0.0
    for clip in told["clips"]:
        handle_s = min(told["crossfade_s"], clip["handle_s"])
        length_s = clip["end_s"] - clip["start_s"] + handle_s
        layer = mp.VideoFileClip(clip["path"], audio=False)
        layer = layer.subclipped(0, min(length_s, layer.duration)).with_start(clip["start_s"])
        layers.append(layer.with_effects([vfx.CrossFadeIn(fade_s)]) if fade_s else layer)
        fade_s = handle_s
    presenter = told["presenter"]
    if presenter:
        whole = mp.VideoFileClip(presenter["path"], has_mask=True, audio=False)
        for start_s, end_s in presenter["spans_s"]:
            begin_s = start_s - presenter["start_s"]
            part = whole.subclipped(begin_s, min(end_s - presenter["start_s"], whole.duration))
            layers.append(part.with_start(start_s).with_position((presenter["x"], presenter["y"])))
    for picture in told["pictures"]:
        still = mp.ImageClip(picture["path"], transparent=True)
        still = still.with_start(picture["start_s"])
        still = still.with_duration(picture["end_s"] - picture["start_s"])
        layers.append(still.with_position((picture["x"], picture["y"])))
    spot = mp.CompositeVideoClip(layers, size=tuple(told["size"]))
    spot = spot.with_duration(told["length_s"]).with_audio(mp.AudioFileClip(told["sound"]))
    spot.write_videofile(
        told["target"], fps=told["fps"], codec=told["codec"], preset=told["preset"],
        audio_codec="aac", audio_bitrate="192k", audio_fps=48000, logger=None,
        ffmpeg_params=told["parameters"], temp_audiofile_path=str(Path(told["target"]).parent),
    )  # fmt: skip


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
