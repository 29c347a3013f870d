"""What an item of the data holds: contents that are recorded and found again, and near copies."""
