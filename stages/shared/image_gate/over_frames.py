"""What several frames come to: once is no certainty, three times is."""

from __future__ import annotations

from collections.abc import Sequence

MANY_FRAMES = 3
LONG_S = 2.0
"""So many frames that are past a limit, or two that lie so far apart, block; fewer are for a
person to look at."""


def settled_over(blocking_s: Sequence[float | None], held: int) -> str:
    """What is to be done ("block", "review", "pass") from the times of the frames past the limit
    for blocking, and the number of those past the limit for holding alone. None is a still picture,
    which stands for a whole spot."""
    times = [t for t in blocking_s if t is not None]
    if len(times) < len(blocking_s) or len(times) >= MANY_FRAMES:
        return "block"
    if times and max(times) - min(times) >= LONG_S:
        return "block"
    return "review" if times or held else "pass"


def frame_times_s(length_s: float, shots: Sequence[tuple[float, float]]) -> list[float]:
    """When to look: in the middle of each second, and as each shot stands alone (`shots` has start
    and length of the fade into it, seconds) unless a look is due within 0.1 s."""
    seconds = [n + 0.5 for n in range(int(length_s))]
    cuts = [start_s + fade_s + 0.05 for start_s, fade_s in shots]
    added = [t for t in cuts if t < length_s and all(abs(t - other) > 0.1 for other in seconds)]
    return sorted({*seconds, *added})
