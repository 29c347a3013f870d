"""The ranking of a run, and what a person reads of it."""
