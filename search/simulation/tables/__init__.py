"""Tables of results for simulated searches: what a search may see, and at what price."""
