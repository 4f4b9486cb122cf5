"""The entry points: `python -m jobs.render`, `jobs.report`, `jobs.verify`, `jobs.bench`."""
