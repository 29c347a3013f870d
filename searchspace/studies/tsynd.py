"""The space of the TSynD study [tsynd], and of the method that it has to beat [pgd].

Adversarial training is an arm of the space: it gets as many trials as TSynD, and its own parameters
are tuned as TSynD's are. Its radius reaches from an eighth of the reference's to four times that.
"""

from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When

CODEBOOK = "codebook standard deviations"
PIXELS = "pixels of [0, 1]"
TSYND, ADVERSARIAL = "tsynd", "adversarial"

SPACE = Space(
    "tsynd",
    (
        Param(
            "regime",
            Choice((TSYND, ADVERSARIAL)),
            "What a classifier trains beside: images of high uncertainty, or attacked images.",
        ),
        Param(
            "latent_lr",
            Float(1e-3, 1, log=True),
            "Step size of the ascent over latents; the paper took 0.1, in a unit it does not name.",
            unit=CODEBOOK,
            when=When("regime", (TSYND,)),
        ),
        Param(
            "latent_iterations",
            Int(5, 100, log=True),
            "Steps of the ascent; the paper took 50 or 100.",
            when=When("regime", (TSYND,)),
        ),
        Param(
            "latent_sigma",
            Float(0.05, 2, log=True),
            "Noise on the latents before the ascent; the paper took 0.1 or 1.0.",
            unit=CODEBOOK,
            when=When("regime", (TSYND,)),
        ),
        Param(
            "uncertainty",
            Choice(("mi", "entropy")),
            "What the ascent maximises: mutual information, the paper's choice, or entropy.",
            when=When("regime", (TSYND,)),
        ),
        Param(
            "attack_eps",
            Float(0.5 / 255, 16 / 255, log=True),
            "Radius of the attack in training; the reference takes 4/255.",
            unit=PIXELS,
            when=When("regime", (ADVERSARIAL,)),
        ),
        Param(
            "attack_steps",
            Choice((2, 5, 10)),
            "Steps of PGD in training; the reference takes 5.",
            when=When("regime", (ADVERSARIAL,)),
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
    arms="regime",
)
