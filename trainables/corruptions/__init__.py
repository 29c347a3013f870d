"""Corruptions and noise: disturbances that no adversary chose."""
