"""Runs written for experiment trackers."""
