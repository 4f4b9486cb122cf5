"""The entry points: `python -m jobs.render`, and `report`, `verify`, `bench`, `music`, `doctor`."""
