"""The poster's tables: the split of authentic and synthetic images over datasets and seeds."""
