"""Deep AUC maximisation: losses of an order, PESG, and what an attack leaves of the AUC."""
