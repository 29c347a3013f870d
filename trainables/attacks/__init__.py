"""Threat models, attacks and what they leave of a model."""
