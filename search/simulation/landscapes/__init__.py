"""Made-up functions over spaces of every shape, as problems of simulated searches."""
