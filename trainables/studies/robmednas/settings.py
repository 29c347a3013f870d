"""Settings of RobMedNAS, and the config of one trial [robmednas]."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from searchspace.names import lookup
from searchspace.unet import KERNELS
from searchspace.unet import parse as parse_architecture
from trainables.runtime.config import Frozen
from trainables.study.about import About
from trainables.synthesis.about import about_synthesis
from trainables.synthesis.settings import SynthesisSettings


class RobMedNASSettings(SynthesisSettings):
    """What is fixed for a run of the study; ``PAPER`` holds the paper's values."""

    about: ClassVar[About] = about_synthesis(
        "robmednas", "U-Nets for MR-to-CT synthesis that withstand attack", ("robmednas", "se")
    )
    PAPER: ClassVar[Mapping[str, Any]] = {
        "size": 256,
        "subset": "paper",
        "max_filters": 256,
        "epochs": 10,
        "lr": 1e-4,
        "batch_size": 6,
        "flip": False,
        "attack": "fgsm",
        "eps": "0,0.2",
    }
    PAPER_PLAN: ClassVar[Mapping[str, Any]] = {"trials": 200, "scheduler": "fifo", "repeats": 15}


class RobMedNASConfig(Frozen):
    """What makes one trial of the study.

    Attributes:
        architecture: As the one-line text of `searchspace.unet`.
        kernels: Kernel sizes of the branches, a name of `searchspace.unet.KERNELS`.
        regime: A name of `trainables.synthesis.training.regimes.REGIMES`.
        attack_eps: Radius of adversarial training, in standard deviations of the MR.
        lr: Learning rate of Adam with AMSGrad.
        batch_size: Slices a step.
    """

    architecture: str
    kernels: str = "square"
    regime: str = "standard"
    attack_eps: float = Field(default=0.2, gt=0)
    lr: float = Field(default=1e-3, gt=0)
    batch_size: int = Field(default=6, ge=2)

    @field_validator("architecture")
    @classmethod
    def _canonical(cls, text: str) -> str:
        return str(parse_architecture(text))

    @field_validator("kernels")
    @classmethod
    def _check_kernels(cls, name: str) -> str:
        lookup(KERNELS, name, "kernels")
        return name

    @field_validator("regime")
    @classmethod
    def _check_regime(cls, name: str) -> str:
        from trainables.synthesis.training.regimes import REGIMES  # noqa: PLC0415 - loads torch

        lookup(REGIMES, name, "regime")
        return name
