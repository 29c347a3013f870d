"""Confirm what a search claims: other seeds, stronger attacks, and test images once."""
