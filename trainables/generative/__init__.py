"""Generative networks and their training."""
