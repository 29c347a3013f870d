"""A config of TSynD for small searches of the phantom."""

# Learns in seconds; what has not learned yet answers the same to every image, and cannot win.
QUICK = {
    "regime": "tsynd",
    "latent_lr": 0.1,
    "latent_iterations": 5,
    "latent_sigma": 0.1,
    "uncertainty": "mi",
    "lr": 0.01,
    "weight_decay": 1e-6,
}
