"""Settings of TSynD, and the config of one trial [tsynd]."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from searchspace.names import lookup
from trainables.classification.about import about_classification
from trainables.classification.settings import ClassificationSettings
from trainables.runtime.config import Frozen
from trainables.runtime.folders import cache_folder
from trainables.study.about import About
from trainables.study.settings import MACHINE, setting


class TSynDSettings(ClassificationSettings):
    """What is fixed for a run of the study; ``PAPER`` holds the paper's values."""

    about: ClassVar[About] = about_classification(
        "tsynd",
        "training beside images of high epistemic uncertainty",
        ("tsynd", "vqvae", "batchbald"),
    )
    PAPER: ClassVar[Mapping[str, Any]] = {
        "epochs": 100,
        "classifier": "resnet18",
        "eps": ClassificationSettings.DEFAULT_EPS,  # fixed, so that runs compare
    }
    SMALL: ClassVar[Mapping[str, Any]] = {**ClassificationSettings.SMALL, "autoencoder_steps": 20}

    precision: Literal["auto", "fp32", "bf16"] = setting(
        "auto",
        "In which images are made: fp32, bf16, or bf16 where there is hardware (auto).",
        MACHINE,
    )
    # Not options: the first is part of the study, the second a place on this machine.
    autoencoder_steps: int = Field(
        default=800, ge=1, description="Optimiser steps of the autoencoder."
    )
    cache: Path = Field(default_factory=cache_folder, description="Folder of trained autoencoders.")


class TSynDConfig(Frozen):
    """What makes one trial of the study.

    Attributes:
        regime: A name of `trainables.studies.tsynd.regimes.REGIMES`.
        latent_lr: Step size of the ascent, in codebook standard deviations.
        latent_iterations: Steps of the ascent.
        latent_sigma: Standard deviation of latent noise, in codebook standard deviations.
        max_shift: Greatest root mean square change of pixels, in [0, 1], that the ascent may make.
            The paper has no such bound.
        uncertainty: What the ascent maximises, a name of
            `trainables.studies.tsynd.uncertainty.UNCERTAINTIES`.
        lr: Learning rate of the classifier's Adam.
        weight_decay: Of the same.
        batch_size: Real and made images of a step together.
        dropout: Before the classifier's last layer, in training and in the masks.
        masks: Dropout masks K.
        attack_eps: Radius of adversarial training, in pixels of [0, 1].
        attack_steps: PGD steps of adversarial training.
    """

    regime: str = "tsynd"
    latent_lr: float = Field(default=0.1, gt=0)
    latent_iterations: int = Field(default=50, ge=0)
    latent_sigma: float = Field(default=1.0, ge=0)
    max_shift: float = Field(default=0.15, gt=0)
    uncertainty: str = "mi"
    lr: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=1e-6, ge=0)
    batch_size: int = Field(default=32, ge=2)
    dropout: float = Field(default=0.5, ge=0, lt=1)
    masks: int = Field(default=20, ge=2)
    attack_eps: float = Field(default=4 / 255, gt=0, le=1)
    attack_steps: int = Field(default=5, ge=1)

    @field_validator("regime")
    @classmethod
    def _check_regime(cls, name: str) -> str:
        from trainables.studies.tsynd.regimes import REGIMES  # noqa: PLC0415 - loads torch

        lookup(REGIMES, name, "regime")
        return name

    @field_validator("uncertainty")
    @classmethod
    def _check_uncertainty(cls, name: str) -> str:
        from trainables.studies.tsynd.uncertainty import UNCERTAINTIES  # noqa: PLC0415 - as above

        lookup(UNCERTAINTIES, name, "uncertainty")
        return name
