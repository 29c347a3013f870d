"""Embedded data, made by this program."""
