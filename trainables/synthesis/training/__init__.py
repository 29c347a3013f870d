"""How a network that predicts CT is trained: epochs, regimes."""
