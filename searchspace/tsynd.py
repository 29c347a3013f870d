"""The space of the TSynD study [tsynd]."""

from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space

CODEBOOK = "codebook standard deviations"

SPACE = Space(
    "tsynd",
    (
        Param(
            "latent_lr",
            Float(1e-3, 1, log=True),
            "Step size of the ascent over latents; the paper took 0.1, in a unit it does not name.",
            unit=CODEBOOK,
        ),
        Param(
            "latent_iterations",
            Int(5, 100, log=True),
            "Steps of the ascent; the paper took 50 or 100.",
        ),
        Param(
            "latent_sigma",
            Float(0.05, 2, log=True),
            "Noise on the latents before the ascent; the paper took 0.1 or 1.0.",
            unit=CODEBOOK,
        ),
        Param(
            "uncertainty",
            Choice(("mi", "entropy")),
            "What the ascent maximises: mutual information, the paper's choice, or entropy.",
        ),
        Param(
            "lr",
            Float(1e-4, 1e-2, log=True),
            "Learning rate of the classifier's Adam; the paper names none, MedMNIST took 1e-3.",
        ),
        Param(
            "weight_decay",
            Float(1e-6, 1e-2, log=True),
            "Of the classifier's Adam; the paper names none, MedMNIST took 0.",
        ),
    ),
)
