"""Methods compared on test over datasets, fractions and seeds: what makes studies' tables."""
