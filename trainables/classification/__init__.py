"""What every study of 2D classification fixes for a run, shares among its trials, and measures."""
