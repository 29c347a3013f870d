"""Datasets, their splits and digests, as NumPy arrays."""
