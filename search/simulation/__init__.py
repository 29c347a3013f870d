"""A search in virtual time: the real engine over a table of results, and its peers."""
