"""How good generated images are, beside images that were held out; NumPy only."""
