"""Figures; each renders a frame that `analysis.numbers.frames` computed."""
