"""Training loops: the autoencoder, the latent optimisation, the classifier."""
