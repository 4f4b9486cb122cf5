"""An invisible mark that names the spot, in its pictures and its sound, and the readers."""

from stages.shared.watermark.audio import STRENGTH_DB, mark_sound
from stages.shared.watermark.audio_detector import (
    SoundDetection,
    band_levels,
    detect_in_bands,
    detect_sound,
)
from stages.shared.watermark.detector import (
    MOST_TRIALS,
    Detection,
    Place,
    detect,
    detect_in,
    mean_residual,
)
from stages.shared.watermark.keys import BUILT_IN, LEAST_LENGTH, key_id
from stages.shared.watermark.matching import Match, blind_chance, match, matched_z, threshold
from stages.shared.watermark.spread_spectrum import (
    GRID_HEIGHT,
    GRID_WIDTH,
    STRENGTH,
    carrier,
    perceptual_gain,
)

__all__ = [
    "BUILT_IN", "GRID_HEIGHT", "GRID_WIDTH", "LEAST_LENGTH", "MOST_TRIALS", "STRENGTH",
    "STRENGTH_DB", "Detection", "Match", "Place", "SoundDetection", "band_levels", "blind_chance",
    "carrier", "detect", "detect_in", "detect_in_bands", "detect_sound", "key_id", "mark_sound",
    "match", "matched_z", "mean_residual", "perceptual_gain", "threshold",
]  # fmt: skip
