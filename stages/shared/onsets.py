"""Onsets: moments at which something begins, picked from a curve and walked back from its peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage  # type: ignore[import-untyped]

WALK_BACK = 0.25
"""Part of a peak at which it has begun. A flash or a bang is strongest 50 to 150 ms behind its
first moment, later in a picture than in a sound: compared peak to peak they would seem 110 ms
apart when they begin together."""


@dataclass(frozen=True)
class Event:
    """Something that begins at `time_s`; `strength` is its peak over what is usual around it."""

    time_s: float
    strength: float
    kind: str


def pick_onsets(
    curve: np.ndarray, step_s: float, kind: str, *, least: float, usual_s: float, apart_s: float,
) -> list[Event]:  # fmt: skip
    """Onsets of the peaks of `curve` (n,), samples `step_s` apart from time 0 on.

    A peak counts if it rises by `least` over the curve's local median (over `usual_s`) and is the
    highest within `apart_s` to either side. From it the curve is walked back to the last sample
    before it that lies under `WALK_BACK` of the peak's rise: the sample behind that one is the
    onset.
    """
    if len(curve) < 3:
        return []
    width = max(3, 2 * round(usual_s / step_s / 2) + 1)
    rise = curve - ndimage.median_filter(curve, width, mode="nearest")
    near = max(1, round(apart_s / step_s))
    highest = ndimage.maximum_filter1d(rise, 2 * near + 1, mode="nearest")
    events: list[Event] = []
    for peak in map(int, np.flatnonzero((rise >= highest) & (rise >= least))):
        low = np.flatnonzero(rise[max(0, peak - near) : peak] < WALK_BACK * rise[peak])
        begun = max(0, peak - near) + int(low[-1]) + 1 if len(low) else max(0, peak - near)
        event = Event(float(begun * step_s), float(rise[peak]), kind)
        if not events or event.time_s - events[-1].time_s > step_s / 2:
            events.append(event)
    return events
