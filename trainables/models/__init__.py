"""Networks: classifiers with their normalisation inside, and the autoencoder."""
