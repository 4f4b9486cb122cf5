"""The stages of a spot: one small class each, knowing nothing of where they run."""
