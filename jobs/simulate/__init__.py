"""Simulate campaigns: hours and dollars of a fleet that nobody has rented yet.

`python -m jobs.simulate predict` and `python -m jobs.simulate check`.
"""
