"""Benchmarks as code: `python -m jobs.bench NAME` measures, and prints ratios and tables."""
