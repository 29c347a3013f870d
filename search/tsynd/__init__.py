"""The tables of TSynD's paper, over datasets, fractions and seeds [tsynd]."""
