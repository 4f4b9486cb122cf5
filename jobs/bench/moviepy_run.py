"""The same spot by moviepy 2, in a Python of its own: what is drawn is handed over as pictures."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skia

from jobs.bench.usage import Usage
from stages.composite.band import Band
from stages.composite.encoders import chosen_encoder, video_options
from stages.composite.presenter import presenter_of, presenter_place, presenter_stream
from stages.shared.ffmpeg import run_ffmpeg

SCRIPT = Path(__file__).with_name("moviepy_spot.py")


def run_moviepy(python: str, work: Any, crossfade_s: float) -> Any:
    """Its cost. Drawing the captions and unpacking the presenter is not counted against it."""
    from jobs.bench.composite import Way

    folder = work.folder / "moviepy"
    folder.mkdir(exist_ok=True)
    stage, spot, frame = work.stage, work.spot, work.frame
    pictures: list[dict[str, Any]] = []
    for placed in stage.planned(spot, frame, work.media)[1].placed:
        pictures += _pictures(placed, folder, frame.fps)
    options = video_options(frame, work.encoding, chosen_encoder(work.encoding)[0])
    taken = ("c:v", "preset", "pix_fmt", "r")
    parameters = [t for k, v in options.items() if k not in taken for t in (f"-{k}", str(v))]
    told = {
        "size": [frame.width_px, frame.height_px], "fps": frame.fps, "length_s": stage.length_s,
        "crossfade_s": crossfade_s,
        "clips": [
            {**{k: shot[k] for k in ("start_s", "end_s", "handle_s")},
             "path": str(work.media.open(shot["uri"]))}
            for shot in spot["shots"]
        ],
        "presenter": _presenter(work, folder), "pictures": pictures,
        "sound": str(work.folder / "sound.wav"), "codec": options["c:v"],
        "preset": options.get("preset"), "parameters": parameters,
        "target": str(folder / "spot.mp4"),
    }  # fmt: skip
    (folder / "told.json").write_text(json.dumps(told))
    with Usage() as used:
        done = subprocess.run(
            [python, str(SCRIPT), str(folder / "told.json")], capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"moviepy failed under {python}:\n{done.stderr[-2000:]}")
    size = (folder / "spot.mp4").stat().st_size
    return Way("moviepy 2", used.cpu_s, used.wall_s, used.peak_mb, size)


def _pictures(placed: Any, folder: Path, fps: int) -> list[dict[str, Any]]:
    """Each look of a band as a PNG, cut to what is seen, with its place and its time."""
    band: Band = placed.band
    found, moments = [], band.moments()
    for number, first in enumerate(moments):
        end = moments[number + 1] if number + 1 < len(moments) else band.end_frame
        time_s = first / fps
        surface = skia.Surface(band.width_px, band.height_px)
        with surface as canvas:
            for sprite in band.sprites:
                if sprite.state(time_s) is not None:
                    sprite.draw(canvas, time_s)
        picture = surface.makeImageSnapshot().toarray(colorType=skia.kBGRA_8888_ColorType)
        x, y, wide, tall = cv2.boundingRect(np.ascontiguousarray(picture[..., 3]))
        if not wide:
            continue
        path = folder / f"{placed.feed}-{number}.png"
        cv2.imwrite(str(path), picture[y : y + tall, x : x + wide])
        top = [here for since, here in placed.tops_px if since <= time_s + 1e-4 or since == 0.0]
        row = (top or [placed.tops_px[0][1]])[-1]
        found.append(
            {"path": str(path), "x": x, "y": y + row, "start_s": time_s, "end_s": end / fps}
        )
    return found


def _presenter(work: Any, folder: Path) -> dict[str, Any] | None:
    import ffmpeg  # type: ignore[import-untyped]

    presenter = presenter_of(work.spot, work.media)
    if presenter is None:
        return None
    x, y, side = presenter_place(work.frame)
    path = folder / "presenter.mov"  # a codec with alpha, which is what moviepy can read
    stream = presenter_stream(presenter.path).filter("scale", side, side).filter("format", "argb")
    output = ffmpeg.output(stream, str(path), **{"c:v": "qtrle", "r": work.frame.fps})
    run_ffmpeg(ffmpeg.get_args(output))
    return {
        "path": str(path), "x": x, "y": y, "start_s": presenter.start_s,
        "spans_s": [list(span) for span in presenter.spans_s],
    }  # fmt: skip
