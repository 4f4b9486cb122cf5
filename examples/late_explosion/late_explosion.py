"""Makes a clip whose explosion is heard a second late, measures it and sets it right."""

from __future__ import annotations

from pathlib import Path

import cv2
import matplotlib
import numpy as np
import typer

from jobs.bench.explosions import (
    Blast,
    blast_frames,
    blast_sound,
    first_frames_s,
    sounds_at,
    under,
)
from stages.shared.av_sync import measure_sound, set_sound_right
from stages.shared.event_match import Match
from stages.shared.ffmpeg import decode_audio, decode_frames, run_ffmpeg
from stages.shared.frames import encode_frames
from stages.shared.sound import write_flac

matplotlib.use("Agg")
from matplotlib import pyplot as plt

RATE_HZ, FPS, LENGTH_S, SIZE_PX = 48_000, 24, 5.0, (540, 960)
BED = Path(__file__).parents[1] / "demo" / "audio" / "bed_upbeat.ogg"


def main(out: Path = Path("out-late-explosion"), late_ms: float = 1000.0) -> None:
    """Write before.mp4 and after.mp4 to --out; the bang comes --late-ms behind what is seen."""
    out.mkdir(parents=True, exist_ok=True)
    blast = Blast(time_s=1.62, x=0.55, y=0.5, size=0.9)
    dice = np.random.default_rng(4)
    seen_s = first_frames_s([blast], FPS)[0]
    bang = sounds_at([seen_s + late_ms / 1000], blast_sound(dice, RATE_HZ), LENGTH_S, RATE_HZ)
    sound = 0.5 * under(bang, decode_audio(BED, RATE_HZ), 9.0, dice)
    picture = out / "picture.mp4"
    frames = blast_frames([blast], LENGTH_S, FPS, SIZE_PX, seed=4)
    encode_frames(frames, picture, width_px=SIZE_PX[0], height_px=SIZE_PX[1], fps=FPS)
    before, after = out / "before.mp4", out / "after.mp4"
    _mux(picture, sound, before)

    # From here on nothing is known but the finished file.
    grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in decode_frames(before, 270, 480)]
    heard = decode_audio(before, RATE_HZ)
    righted = set_sound_right(grey, FPS, heard, RATE_HZ)
    _mux(picture, righted.samples, after)
    picture.unlink()
    _draw(before, heard, righted.samples, seen_s, out / "late_explosion.png")

    print(f"made:    seen at {seen_s:.3f} s, heard {late_ms:+.0f} ms behind it")
    _say("before", measure_sound(grey, FPS, heard, RATE_HZ), before)
    again = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in decode_frames(after, 270, 480)]
    _say("after", measure_sound(again, FPS, decode_audio(after, RATE_HZ), RATE_HZ), after)


def _say(when: str, match: Match | None, path: Path) -> None:
    assert match is not None, "set_sound_right() refuses what cannot be matched"
    for pair in match.pairs:
        print(
            f"{when + ':':8} {pair.visual.kind} seen at {pair.visual.time_s:.3f} s, heard at"
            f" {pair.sound.time_s:.3f} s: {pair.offset_ms:+.0f} ms, confidence"
            f" {match.confidence:.2f}  ({path})"
        )


def _draw(video: Path, before: np.ndarray, after: np.ndarray, seen_s: float, target: Path) -> None:
    """Frames of the clip over its sound as it came and as it was set right, on one time axis."""
    times_s = np.arange(0.25, LENGTH_S, 0.5)
    frames = list(decode_frames(video, 135, 240))
    strip = np.hstack([frames[round(t * FPS)] for t in times_s])
    figure, panels = plt.subplots(3, 1, figsize=(11, 4.6), sharex=True, layout="constrained")
    panels[0].imshow(strip, extent=(0, LENGTH_S, 0, 1), aspect="auto")
    panels[0].set_yticks([])
    for axes, sound, name in zip(panels[1:], (before, after), ("before", "after"), strict=True):
        axes.plot(np.arange(len(sound)) / RATE_HZ, sound, linewidth=0.3)
        axes.axvline(seen_s, color="C3")
        axes.set(ylabel=name, yticks=[], xlim=(0, LENGTH_S))
    panels[2].set_xlabel("seconds; red: where the explosion is first seen")
    figure.savefig(target, dpi=100)
    plt.close(figure)


def _mux(picture: Path, sound: np.ndarray, target: Path) -> None:
    """One MP4 of an encoded picture and mono samples."""
    track = target.with_suffix(".flac")
    write_flac(track, (sound / max(1.0, float(np.abs(sound).max()))).astype(np.float32), RATE_HZ)
    inputs = ["-i", str(picture), "-i", str(track), "-map", "0:v", "-map", "1:a"]
    run_ffmpeg([*inputs, "-c:v", "libx264", "-crf", "20", "-c:a", "aac", "-b:a", "160k",
                "-movflags", "+faststart", str(target)])  # fmt: skip
    track.unlink()


if __name__ == "__main__":
    typer.run(main)
