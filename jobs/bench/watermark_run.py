"""The watermark's benchmark from end to end: pictures, sounds, ways, trials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from jobs.bench.watermark import Found, Told, compare_ways, drawn_clips, measure_picture
from jobs.bench.watermark_attacks import PICTURE, named
from jobs.bench.watermark_clips import CONTENTS
from jobs.bench.watermark_sounds import measure_sounds, mixes
from jobs.bench.watermark_trials import try_pictures, try_sounds
from schemas.config_error import ConfigError, Refusal
from stages.shared.watermark import STRENGTH


def measure_watermark(
    folder: Path, contents: Sequence[str] | None, seconds: float, *,
    attacks: Sequence[str] | None, sounds: int, trials: int, compare: bool, told: Told,
) -> Found:  # fmt: skip
    """Measure on clips and mixes of so many seconds; `folder` is empty scratch.

    Raises `ConfigError` for content or an attack that there is none of.
    """
    for option, asked, known in (
        ("--clips", contents, CONTENTS), ("--attack", attacks, named(PICTURE)),
    ):  # fmt: skip
        for name in asked or ():
            if name not in known:
                fix = f"there are {', '.join(known)}"
                raise ConfigError("the benchmark", [Refusal(option, name, fix)])
    cv2.setNumThreads(1)
    found = Found(seconds, STRENGTH)
    chosen = [one for one in PICTURE if not attacks or one.name in attacks]
    films: list[np.ndarray] = []
    for number, clip in enumerate(drawn_clips(contents or CONTENTS, seconds, folder)):
        films += measure_picture(found, clip, chosen, told)
        if compare and number == 0:
            compare_ways(found, clip)
    plain = measure_sounds(found, mixes(sounds, seconds, folder), folder, told) if sounds else []
    if trials:
        try_pictures(found, films, trials, told)
        if plain:
            try_sounds(found, plain, trials, told)
    return found
