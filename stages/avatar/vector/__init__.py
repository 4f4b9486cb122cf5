"""A drawn presenter: a host's data file, painted with skia and moved as a head in depth."""
