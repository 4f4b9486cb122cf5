"""Composite: what the viewer sees and hears, in one ffmpeg graph per spot."""

from stages.composite.composite import Composite

__all__ = ["Composite"]
