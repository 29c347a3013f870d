"""Scores of the order of images, and the numbers of single images behind a score."""
