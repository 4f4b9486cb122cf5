"""Screen: what must not ship is stopped before anything is spent on it."""

from stages.screen.screen import Screen

__all__ = ["Screen"]
