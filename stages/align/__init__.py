"""Align: the voice's word times checked against an independent aligner, and sounds on the cuts."""

from stages.align.align import Align
from stages.align.ctc import CtcAligner

__all__ = ["Align", "CtcAligner"]
