"""Models on disk: cards, weights, export."""
