"""Alerts, their tests, and the dashboard."""
