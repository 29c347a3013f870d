"""A run in the form of other trackers: one file each, none imported before it is asked for."""
