"""Easing: how far a movement has come, so that nothing starts or stops abruptly."""

from __future__ import annotations


def progress(time_s: float, start_s: float, length_s: float) -> float:
    """Share of a movement done at `time_s`: 0 before it starts, 1 from its end on."""
    if length_s <= 0:
        return 1.0 if time_s >= start_s else 0.0
    return min(max((time_s - start_s) / length_s, 0.0), 1.0)


def ease_out(share: float) -> float:
    """Fast first, then settling (cubic)."""
    return 1 - (1 - share) ** 3


def ease_in(share: float) -> float:
    """Slow first, then leaving fast (cubic)."""
    return share**3


def ease_in_out(share: float) -> float:
    """Slow at both ends (smoothstep)."""
    return share * share * (3 - 2 * share)


def ease_out_back(share: float, overshoot: float = 1.4) -> float:
    """Beyond its goal by some percent, then back: a friendly pop."""
    left = share - 1
    return 1 + (overshoot + 1) * left**3 + overshoot * left**2
