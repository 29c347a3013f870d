"""How the second half of a batch is made: one function a regime, all else being equal.

Every regime sees the same real images in the same order, n of them a step, and adds n that it makes
from them; the baseline adds none. That is the paper's division of a batch into two halves with the
same indices [tsynd, section 3.2]. "Reconstruction" is a control that the paper lacks: it shows the
effect of the autoencoder alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from trainables.attacks.gradient import PGD
from trainables.attacks.threat import pixels
from trainables.models.autoencoder import VQVAE
from trainables.models.classifiers import Classifier
from trainables.models.modes import frozen
from trainables.studies.tsynd.latent import ascend, uncertainty_of
from trainables.studies.tsynd.uncertainty import UNCERTAINTIES


class Batch(NamedTuple):
    """Real images (n, C, H, W) in [0, 1], their codes (n, D, h, w) and labels (n,) or (n, L)."""

    images: Tensor
    latents: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Synthesis:
    """The models and numbers that regimes work with.

    Attributes:
        classifier: In training; frozen while images are made.
        autoencoder: Frozen.
        latent_std: The codebook's standard deviation, the unit of the next three.
        lr: Step size of the ascent.
        sigma: Standard deviation of the latent noise.
        iterations: Steps of the ascent.
        max_shift: Greatest root mean square change of pixels, in [0, 1], that the ascent may make.
        uncertainty: What the ascent maximises, ``mi`` or ``entropy``.
        masks: Dropout masks K.
        attack_eps: Radius of the adversarial regime, in pixels of [0, 1].
        attack_steps: PGD steps of the adversarial regime.
        multi_label: Whether each logit is a label of its own.
        generator: Of noise and masks, on the device.
    """

    classifier: Classifier
    autoencoder: VQVAE
    latent_std: float
    lr: float
    sigma: float
    iterations: int
    max_shift: float
    uncertainty: str
    masks: int
    attack_eps: float
    attack_steps: int
    multi_label: bool
    generator: torch.Generator


Regime = Callable[[Synthesis, Batch], Tensor | None]


def baseline(synthesis: Synthesis, batch: Batch) -> None:
    """Add no images."""
    del synthesis, batch


def reconstruction(synthesis: Synthesis, batch: Batch) -> Tensor:
    """Decode the codes of the images, unchanged."""
    with torch.no_grad():
        return synthesis.autoencoder.decode(batch.latents)


def noise(synthesis: Synthesis, batch: Batch) -> Tensor:
    """Decode the codes with Gaussian noise [tsynd, section 3.2]."""
    with torch.no_grad():
        return synthesis.autoencoder.decode(_noisy(synthesis, batch.latents))


def tsynd(synthesis: Synthesis, batch: Batch) -> Tensor:
    """Decode noisy codes moved to where the classifier is most uncertain [tsynd, eq. 1].

    The moved codes are decoded without quantising them again: the paper writes f_dec(z + eps), and
    the nearest code would undo its noise of 0.1.
    """
    masks = synthesis.classifier.draw_masks(synthesis.masks, synthesis.generator)
    measure = UNCERTAINTIES[synthesis.uncertainty]
    with frozen(synthesis.classifier):
        objective = uncertainty_of(
            synthesis.classifier, measure, masks, multi_label=synthesis.multi_label
        )
        best = ascend(
            synthesis.autoencoder.decode,
            objective,
            _noisy(synthesis, batch.latents),
            lr=synthesis.lr * synthesis.latent_std,
            iterations=synthesis.iterations,
            max_shift=synthesis.max_shift,
        )
    return best.images


def adversarial(synthesis: Synthesis, batch: Batch) -> Tensor:
    """Attack the pixels by PGD: adversarial training on half a batch, as a yardstick [pgd]."""
    attack = PGD(steps=synthesis.attack_steps)
    generator = synthesis.generator
    seed = int(torch.randint(2**31, (1,), generator=generator, device=generator.device))
    threat = pixels(synthesis.attack_eps)
    return attack(synthesis.classifier, batch.images, batch.labels, threat, seed)


REGIMES: Mapping[str, Regime] = {
    "baseline": baseline,
    "reconstruction": reconstruction,
    "noise": noise,
    "tsynd": tsynd,
    "adversarial": adversarial,
}

# Regimes that decode codes; the others need no autoencoder.
DECODING = frozenset({"reconstruction", "noise", "tsynd"})


def _noisy(synthesis: Synthesis, latents: Tensor) -> Tensor:
    noise = torch.randn(
        latents.shape, generator=synthesis.generator, device=synthesis.generator.device
    )
    return latents + synthesis.sigma * synthesis.latent_std * noise
