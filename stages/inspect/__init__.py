"""Inspection of the finished spot: what is measured, and the gates it must pass."""

from stages.inspect.gates import METRICS
from stages.inspect.inspect import Inspect

__all__ = ["METRICS", "Inspect"]
