"""What a study offers to the engine: its trials, their reports, the ladder, an examination."""
