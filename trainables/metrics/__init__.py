"""Scores, curves and intervals as tested NumPy functions."""
