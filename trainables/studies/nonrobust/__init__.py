"""How much of what a network uses is brittle, and training that does without."""
