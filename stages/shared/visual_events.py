"""Visual events of a video: cuts, flashes and sudden motion, by what changes between frames."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from stages.shared.onsets import WALK_BACK, Event, pick_onsets

WIDTH_PX, HEIGHT_PX = 96, 170
"""Frames are looked at in about this size: noise is averaged away, and a flow costs 1 ms."""
LEAST = 1.0
"""Rise of the combined curve that is an event: as much as a fifth of the frame changing by a
fifth of full scale. Camera moves, captions and film grain stay below a third of it."""
USUAL_S = 0.8
"""What goes on all the time around an event (a zoom, a pan) is its background."""
APART_S = 0.2
EXPECTED_LEAST = 0.35
"""Least rise of the mean change, in 8-bit steps, that an expected event shows by."""

_CHANGE = 255 / 25
"""Mean difference, in 8-bit steps, that counts 1."""
_LIGHT = 255 / 50
"""Mean gain of light that counts 1: half of the above, for a flash is light and nothing else."""
_SPEED_PX = 1.5
"""Mean gain of motion in small pixels per frame, beyond the camera's own, that counts 1."""


def visual_events(frames: Sequence[np.ndarray], fps: float) -> list[Event]:
    """Events in grey frames, uint8 (h, w) of any one size, at `fps`; times from the first frame.

    An event's time is that of the first frame that shows it, as the viewer sees it: what happens
    between two frames is seen with the second. `kind` is "cut", "flash" or "motion", whichever
    part of the change is largest.
    """
    if len(frames) < 4:
        return []
    parts = change_curves(frames)
    total = parts.sum(axis=0)
    found = pick_onsets(
        total, 1.0 / fps, "", least=LEAST, usual_s=USUAL_S, apart_s=APART_S
    )  # fmt: skip
    return [
        Event(event.time_s, event.strength, _kind(parts, round(event.time_s * fps), fps))
        for event in found
    ]


def expected_event(
    frames: Sequence[np.ndarray], fps: float, around_s: float, reach_s: float,
    shown: np.ndarray | None = None, fade_s: float = 0.0,
) -> float | None:  # fmt: skip
    """When what is expected `around_s`, within `reach_s`, begins to be seen; None if nothing does.

    A crossfade changes less per frame than a flash and lasts longer: the rise of change that is
    largest within reach counts, if it stands out of the frames before it. `shown` (h, w), of the
    frames' size, leaves out where it is False. `fade_s` is the length of the crossfade that it
    may be: where the change is spread over as many frames, all of them say when it began, and not
    the first alone, which may show next to nothing.
    """
    if len(frames) < 4:
        return None
    kept = np.ones(frames[0].shape, bool) if shown is None else shown
    stack = np.stack([frame[kept] for frame in frames]).astype(np.float32)
    change = np.abs(np.diff(stack, axis=0, prepend=stack[:1])).mean(axis=1)
    best, begun = 0.0, None
    near = max(2, round(0.17 * fps))
    for index in range(max(1, near), len(frames) - 1):
        if abs(index / fps - around_s) > reach_s + 0.5 / fps:
            continue
        before, after = change[max(1, index - near) : index], change[index : index + 3]
        step = float(after.mean() - np.median(before)) if len(before) else 0.0
        if step > best and step > max(EXPECTED_LEAST, 0.5 * float(np.median(before))):
            best, begun = step, index
    if begun is None:
        return None
    # A crossfade starts slowly, and what is largest may be its third frame: those right before it
    # are no background.
    usual = change[max(1, begun - 2 * near - 2) : max(2, begun - near // 2)]
    rise = change - float(np.median(usual))
    faded = _fade_begins(rise, begun, round(fade_s * fps))
    if faded is not None:
        return faded / fps
    peak = begun + int(rise[begun : begun + 3].argmax())
    while peak > 1 and rise[peak - 1] >= WALK_BACK * rise[begun : begun + 3].max():
        peak -= 1
    return peak / fps


def _fade_begins(rise: np.ndarray, near: int, frames: int) -> int | None:
    """First frame of a fade over so many `frames` that begins within a few of `near`: where a bell,
    which is how much an eased mix changes per frame, fits best. None where a frame or two have most
    of the change: that is a cut."""
    if frames < 4:
        return None
    change = np.clip(rise, 0.0, None)
    whole = change[max(0, near - 2) : near + frames + 2]
    if np.sort(whole)[-2:].sum() > 0.5 * whole.sum():
        return None
    part = (np.arange(frames) + 0.5) / frames
    bell = part * (1 - part)
    starts = range(max(1, near - frames // 2), min(near + frames // 2, len(rise) - frames) + 1)
    return max(starts, key=lambda at: float(bell @ change[at : at + frames]), default=None)


def change_curves(frames: Sequence[np.ndarray]) -> np.ndarray:
    """(3, n) float: change of the picture, gain of light and gain of motion into each frame.

    Each is in units of what counts 1 (see the constants); the first frame has none.
    """
    small = [_small(frame) for frame in frames]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    parts = np.zeros((3, len(small)))
    speed = np.zeros(len(small))
    for index, (before, after) in enumerate(pairwise(small), start=1):
        step = after.astype(np.float32) - before
        parts[0, index] = float(np.abs(step).mean()) / _CHANGE
        parts[1, index] = max(0.0, float(step.mean())) / _LIGHT
        speed[index] = _own_speed(np.asarray(flow.calc(before, after, None)))  # type: ignore[call-overload]
    # A cut has no motion between its frames: what the flow finds there is noise, and is capped.
    gain = np.clip(np.diff(speed, prepend=speed[:1]) / _SPEED_PX, 0.0, 1.0)
    parts[2] = gain
    return parts


def _own_speed(flow: np.ndarray) -> float:
    """Mean speed beyond the camera's: what a shift and zoom of the whole picture don't explain."""
    height, width = flow.shape[:2]
    y, x = np.mgrid[0:height:4, 0:width:4].astype(np.float32)
    moved = flow[::4, ::4].reshape(-1, 2)
    ground = np.stack([x.ravel() / width, y.ravel() / height, np.ones(x.size, np.float32)], 1)
    camera = np.linalg.lstsq(ground, moved, rcond=None)[0]
    return float(np.hypot(*(moved - ground @ camera).T).mean())


def _small(frame: np.ndarray) -> np.ndarray:
    if frame.shape[0] <= HEIGHT_PX * 1.5 and frame.shape[1] <= HEIGHT_PX * 1.5:
        return np.ascontiguousarray(frame)
    scale = HEIGHT_PX / max(frame.shape)
    size = (max(16, round(frame.shape[1] * scale)), max(16, round(frame.shape[0] * scale)))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def _kind(parts: np.ndarray, frame: int, fps: float) -> str:
    """What an event is: a cut is over after one frame, a flash goes on or fades, motion lasts."""
    peak = parts[:, frame : frame + max(2, round(0.15 * fps))]
    if peak[1].max() >= 0.8 * peak[0].max():
        return "flash"
    alone = len(peak[0]) > 1 and peak[0, 1:].max() < 0.3 * peak[0, 0]
    return "cut" if alone else "motion"
