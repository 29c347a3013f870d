"""Scores of single classes; NumPy only."""
