"""Searches in virtual time over a table of results: the real engine, and other ways to search."""
