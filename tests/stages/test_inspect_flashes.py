"""Flashes, general and red, counted as WCAG 2.2 and ITU-R BT.1702 count them."""

from __future__ import annotations

import numpy as np
import pytest

from stages.inspect.picture_faults import flashes_per_s

FPS, GREY, RED = 24.0, (90, 90, 90), (230, 10, 10)


def _film(colours: list[tuple[int, int, int]], part: float = 1.0) -> np.ndarray:
    """Two seconds in which the upper part of the picture takes each colour for two frames."""
    frames = np.full((48, 160, 90, 3), GREY, np.uint8)
    for index, frame in enumerate(frames):
        frame[: round(160 * part)] = colours[index // 2 % len(colours)]
    return frames


@pytest.mark.parametrize(
    ("colours", "part", "general", "red"),
    [
        ([(40, 40, 40), (200, 200, 200)], 1.0, True, False),
        ([(40, 40, 40), (200, 200, 200)], 0.15, False, False),
        ([(120, 120, 120), (124, 124, 124)], 1.0, False, False),
        ([(245, 245, 245), (255, 255, 255)], 1.0, False, False),
        ([RED, (0, 93, 20)], 1.0, False, True),
        ([RED, (90, 90, 90)], 0.5, False, True),
        ([RED, (180, 8, 8)], 1.0, False, True),
        ([(190, 110, 110), (120, 110, 110)], 1.0, False, False),
    ],
)  # fmt: skip
def test_flashes_are_those_that_harm(
    colours: list[tuple[int, int, int]], part: float, general: bool, red: bool
) -> None:
    """Would catch red that flashes at an even brightness, which is as dangerous, and an alarm at
    what is small, faint or bright anyway.
    """
    film = _film(colours, part)
    assert tuple(count > 3 for count in flashes_per_s(film, FPS)) == (general, red)


def test_three_flashes_a_second_are_allowed() -> None:
    """Would catch a count of changes for a count of flashes, which are pairs of them."""
    film = _film([(40, 40, 40)])
    for begin in (0, 8, 16):
        film[begin + 3 : begin + 6] = 220
    assert flashes_per_s(film[:24], FPS) == (3.0, 0.0)
