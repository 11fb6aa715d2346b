"""Figures of the report: each function takes data and returns a matplotlib Figure, or None when the
data is missing.
"""
