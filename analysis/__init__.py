"""Turns fdbench result files into tables, figures and one report page."""
