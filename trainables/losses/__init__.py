"""Losses that studies train on and attacks maximise."""
