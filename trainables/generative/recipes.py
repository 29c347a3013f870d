"""Generators by name: the network, the game and its regularisers. Loads no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

BATCH = 32  # images of a step
AVERAGE = 0.98  # of the generator's weights, that a step leaves
LATENT_GAUSSIAN = "latent-gaussian"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a GAN is made and trained.

    Attributes:
        words: What it is, for tables.
        per_class: Whether each class has a network of its own; otherwise one takes the class.
        loss: A name of `trainables.losses.gan_losses.LOSSES`.
        norm: Of the discriminator: ``spectral``, ``batch`` or ``none``.
        gradient_penalty: Weight of the penalty between real and generated images [wgangp].
        r1: Weight of the penalty on real images [r1].
        attention: Whether positions attend to one another, in both networks [sagan].
        augment: Whether the discriminator sees augmented images alone [diffaugment].
        generator_lr: Learning rate of the generator's Adam.
        discriminator_lr: Of the discriminator's.
        betas: Of both.
        turns: Steps of the discriminator for each of the generator.

    Raises:
        ValueError: If a penalised discriminator has batch normalisation, under which the score of
            an image depends on others, so that its gradient means nothing.
    """

    words: str
    per_class: bool = False
    loss: str = "hinge"
    norm: str = "spectral"
    gradient_penalty: float = 0.0
    r1: float = 0.0
    attention: bool = False
    augment: bool = True
    generator_lr: float = 2e-4
    discriminator_lr: float = 4e-4
    betas: tuple[float, float] = (0.0, 0.9)
    turns: int = 1

    def __post_init__(self) -> None:
        if (self.gradient_penalty or self.r1) and self.norm == "batch":
            raise ValueError("a discriminator with batch normalisation cannot be penalised")


_DCGAN = Recipe(
    words="DCGAN, one for each class",
    per_class=True,
    loss="bce",
    norm="batch",
    augment=False,
    discriminator_lr=2e-4,
    betas=(0.5, 0.999),
)
RECIPES: Mapping[str, Recipe] = {
    "dcgan": _DCGAN,
    "dcgan-conditional": replace(_DCGAN, words="DCGAN that takes the class", per_class=False),
    "hinge": Recipe(words="hinge loss, spectral norm, DiffAugment"),
    "hinge-attention": Recipe(words="the same with self-attention", attention=True),
    "wgan-gp": Recipe(
        words="Wasserstein loss, gradient penalty, DiffAugment",
        loss="wasserstein",
        norm="none",
        gradient_penalty=10.0,
        generator_lr=1e-4,
        discriminator_lr=1e-4,
        turns=5,
    ),
    "r1": Recipe(
        words="cross-entropy, R1 penalty, DiffAugment",
        loss="bce",
        norm="none",
        r1=2.5,
        discriminator_lr=2e-4,
        betas=(0.0, 0.99),
    ),
}
"""GANs by name. [dcgan] is the one of the poster that asked for the split [syntheticsplit]."""

GENERATORS: Mapping[str, str] = {name: recipe.words for name, recipe in RECIPES.items()} | {
    LATENT_GAUSSIAN: "a Gaussian for each class in the latents of a VQ-VAE"
}
"""What each generator is, in words, by name."""
