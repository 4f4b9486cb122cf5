"""An invisible mark that names the spot, and its reader."""

from stages.shared.watermark.spread_spectrum import (
    GRID_HEIGHT,
    GRID_WIDTH,
    STRENGTH,
    Detection,
    carrier,
    detect,
    matched_z,
)

__all__ = ["GRID_HEIGHT", "GRID_WIDTH", "STRENGTH", "Detection", "carrier", "detect", "matched_z"]
