"""How a network that predicts CT is trained, as values of a config; loads no torch.

The defaults of the class are the paper's recipe but for its learning rate [robmednas, section 2.3]:
runs of earlier versions, which wrote no recipe down, were trained by it.
"""

import math
from typing import Literal, get_args

from pydantic import Field, field_validator

from searchspace.names import lookup
from searchspace.unet import KERNELS, parse_network
from trainables.runtime.config import Frozen

WARM = 0.3  # of the budget, in which the learning rate of one cycle rises
FIRST, LAST = 1 / 25, 1e-5  # of its peak, with which it begins and ends

LossName = Literal["mse", "l1", "huber"]
OptimiserName = Literal["amsgrad", "adamw"]
ScheduleName = Literal["constant", "one-cycle"]
RegimeName = Literal["standard", "adversarial", "uniform"]
NormName = Literal["batch", "instance"]
SliceNormName = Literal["none", "whole", "tissue", "percentiles"]


class Recipe(Frozen):
    """The recipe of one training.

    Attributes:
        loss: Of a pixel: squared (``mse``), absolute (``l1``), or that above 100 HU (``huber``).
        background: Weight of pixels outside the head, from 0 to 1; inside it is 1.
        optimiser: ``amsgrad`` (Adam with AMSGrad, the paper's) or ``adamw``.
        lr: Learning rate; the greatest of a cycle.
        weight_decay: Of the weights; decoupled for ``adamw``.
        schedule: Of the learning rate over the budget.
        ema: Share of the running mean of the weights that stays at each step; 0 for no mean.
        augment: Whether slices are turned, scaled, shifted, and their MR made brighter or darker.
        augment_by: Of these changes, as a multiple of the usual ranges.
        artefacts: Of changes of the MR's contrast, field, noise and resolution in training, as a
            multiple of `trainables.synthesis.training.artefacts.RANGES`; 0 for none.
        mirrored: Whether the mean over a slice and its mirror image is predicted, see
            `trainables.models.ct.mirrored`.
        slice_norm: How a network brings each slice to a scale of its own, a key of
            `trainables.models.ct.slice_norm.KINDS`; or ``none``.
        regime: A name of `trainables.synthesis.training.regimes.REGIMES`.
        attack_eps: Greatest radius of adversarial training, in standard deviations of the MR.
        attack_steps: Of its attack; 1 for FGSM.
        batch_size: Slices a step.
    """

    loss: LossName = "mse"
    background: float = Field(default=1.0, ge=0, le=1)
    optimiser: OptimiserName = "amsgrad"
    lr: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    schedule: ScheduleName = "constant"
    ema: float = Field(default=0.0, ge=0, lt=1)
    augment: bool = False
    augment_by: float = Field(default=1.0, gt=0, le=4)
    artefacts: float = Field(default=0.0, ge=0, le=2)
    mirrored: bool = False
    slice_norm: SliceNormName = "none"
    regime: str = "standard"
    attack_eps: float = Field(default=0.2, gt=0)
    attack_steps: int = Field(default=1, ge=1)
    batch_size: int = Field(default=6, ge=2)

    @field_validator("regime")
    @classmethod
    def _check_regime(cls, name: str) -> str:
        lookup(dict.fromkeys(get_args(RegimeName)), name, "regime")
        return name


class NetworkConfig(Recipe):
    """A recipe, and the network that it trains.

    Attributes:
        architecture: As one line of text, see `searchspace.unet.parse_network`.
        kernels: Kernel sizes of the branches, a name of `searchspace.unet.KERNELS`.
        norm: Normalisation after convolutions, a name of `searchspace.unet.NORMS`.
    """

    architecture: str
    kernels: str = "square"
    norm: NormName = "batch"

    @field_validator("architecture")
    @classmethod
    def _canonical(cls, text: str) -> str:
        return str(parse_network(text))

    @field_validator("kernels")
    @classmethod
    def _check_kernels(cls, name: str) -> str:
        lookup(KERNELS, name, "kernels")
        return name


def lr_factor(schedule: str, progress: float) -> float:
    """Return the learning rate as a share of its peak.

    Args:
        schedule: ``constant``, or ``one-cycle``: up and down again by half cosines.
        progress: Share of the budget's steps that have been made, from 0 to 1.
    """
    if schedule == "constant":
        return 1.0
    rising = progress < WARM
    start, end = (FIRST, 1.0) if rising else (1.0, LAST)
    way = progress / WARM if rising else (min(progress, 1.0) - WARM) / (1 - WARM)
    return end + (start - end) * (1 + math.cos(math.pi * way)) / 2
