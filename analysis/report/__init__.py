"""One page a run, and one for several side by side: HTML that opens from disk."""
