"""What a wheel holds besides code: cluster files, notebooks, docs, and what builds the package."""
