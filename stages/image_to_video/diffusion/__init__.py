"""Video models of diffusers: loading by a preset, calling in batches, checking, overlapping."""
