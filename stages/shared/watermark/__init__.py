"""An invisible mark that names the spot, in its pictures and its sound, and the readers."""

from stages.shared.watermark.detector import (
    MOST_TRIALS,
    Detection,
    Place,
    detect,
    detect_in,
    mean_residual,
)
from stages.shared.watermark.matching import Match, blind_chance, match, matched_z, threshold
from stages.shared.watermark.spread_spectrum import GRID_HEIGHT, GRID_WIDTH, STRENGTH, carrier

__all__ = [
    "GRID_HEIGHT",
    "GRID_WIDTH",
    "MOST_TRIALS",
    "STRENGTH",
    "Detection",
    "Match",
    "Place",
    "blind_chance",
    "carrier",
    "detect",
    "detect_in",
    "match",
    "matched_z",
    "mean_residual",
    "threshold",
]
