"""What a run of synthesis begins with: splits, their record, slices on disk."""
