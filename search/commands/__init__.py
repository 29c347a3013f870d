"""The commands: one file a study."""
