"""Settings of the study of authentic and synthetic images, and the config of one trial."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from searchspace.errors import UserError
from searchspace.names import lookup
from searchspace.studies.gansplit import NONE
from trainables.classification.about import about_classification
from trainables.classification.settings import ClassificationSettings
from trainables.generative.recipes import GENERATORS
from trainables.runtime.config import Frozen
from trainables.runtime.folders import cache_folder
from trainables.study.about import About
from trainables.study.settings import DATA, ROBUSTNESS, TRAINING, setting

REPEATS, NOISE, AUGMENTED, PIXELS = "repeats", "noise", "augmented", "pixel-gaussian"
AUTHENTIC = (REPEATS, NOISE, AUGMENTED, PIXELS)
"""Sources that make images of authentic ones, without a generator."""

GREATEST = 64  # pixels


class GANSplitSettings(ClassificationSettings):
    """What is fixed for a run of the study; ``PAPER`` holds what the poster says."""

    about: ClassVar[About] = about_classification(
        "gansplit",
        "the best split of authentic and synthetic training images",
        ("syntheticsplit", "gan", "dcgan", "kid", "prdc", "gowal"),
    )
    PAPER: ClassVar[Mapping[str, Any]] = {"generators": "dcgan", "fraction": 1.0}
    SMALL: ClassVar[Mapping[str, Any]] = {
        **ClassificationSettings.SMALL,
        "generators": "hinge,latent-gaussian",
        "generator_steps": 2,
        "generator_width": 4,
        "autoencoder_steps": 2,
        "allow_flawed": True,
    }

    size: int = setting(28, "Pixels: 28 or 64.", DATA, le=GREATEST)
    fraction: float = setting(0.25, "Share of the training images that trains.", DATA)
    generators: str = setting(
        "dcgan,latent-gaussian",  # the two that reached most of the recall on two datasets
        "Generators that are searched, with commas; references take the first: "
        f"{', '.join(GENERATORS)}.",
        TRAINING,
    )
    generator_steps: int = setting(
        2000, "Steps of a GAN's training, for all classes.", TRAINING, ge=1
    )
    allow_flawed: bool = setting(
        False,  # noqa: FBT003 - a field
        "Let trials win whose generator copies training images, or lacks variety.",
        ROBUSTNESS,
    )
    generator_width: int = Field(default=16, ge=4, description="Maps of a GAN's finest level.")
    autoencoder_steps: int = Field(default=800, ge=1, description="Of the VQ-VAE's training.")
    cache: Path = Field(default_factory=cache_folder, description="Folder of trained generators.")

    @field_validator("generators")
    @classmethod
    def _check_generators(cls, text: str) -> str:
        names = [name.strip() for name in text.split(",")]
        for name in names:
            lookup(GENERATORS, name, "generator")
        if len(set(names)) < len(names):
            raise ValueError("a generator is named twice")
        return ",".join(names)

    @field_validator("dataset")
    @classmethod
    def _check_labels(cls, name: str) -> str:
        from trainables.data.datasets import outline  # noqa: PLC0415 - loads NumPy

        about = outline(name)
        if about is not None and about.task == "multi-label":
            raise ValueError("it gives an image several labels, and a generator needs one class")
        return name

    @property
    def generator_names(self) -> tuple[str, ...]:
        """The generators that are searched, the first of which references take."""
        return tuple(self.generators.split(","))


class GANSplitConfig(Frozen):
    """What makes one trial of the study.

    Attributes:
        source: Where images come from that are not authentic: a generator, a way to make them of
            authentic ones (``repeats``, ``noise``, ``augmented``, ``pixel-gaussian``), or ``none``.
        mix: Whether they are added, or replace authentic ones.
        ratio: How many are added, relative to the authentic ones.
        balance: Classes of added images: as in ``train``, or so that all become more ``even``.
        share: Of the authentic images that are replaced.
        truncation: By which the noise of a generator is multiplied.
        keep: Share of a generator's images that stays: those that the critic is surest of.
        synthetic_weight: Of images that are not authentic, in the loss.
        lr: Learning rate of the classifier's Adam.
        weight_decay: Of the same.
        batch_size: Images of a step.
        dropout: Before the classifier's last layer.
        train_eps: Radius of adversarial training, in 255ths of the pixel range; 0 for none.
        attack_steps: PGD steps of adversarial training.
    """

    source: str = NONE
    mix: Literal["add", "replace"] = "add"
    ratio: float = Field(default=1.0, gt=0, le=100)
    balance: Literal["train", "even"] = "train"
    share: float = Field(default=0.5, gt=0, le=1)
    truncation: float = Field(default=1.0, gt=0, le=2)
    keep: float = Field(default=1.0, gt=0, le=1)
    synthetic_weight: float = Field(default=1.0, gt=0, le=1)
    lr: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=1e-6, ge=0)
    batch_size: int = Field(default=32, ge=2)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    train_eps: float = Field(default=0.0, ge=0, le=255)
    attack_steps: int = Field(default=5, ge=1)

    @field_validator("source")
    @classmethod
    def _check_source(cls, name: str) -> str:
        lookup(dict.fromkeys((NONE, *AUTHENTIC, *GENERATORS)), name, "source")
        return name

    @model_validator(mode="after")
    def _check_share(self) -> "GANSplitConfig":
        if self.mix == "replace" and self.share == 1 and self.source in AUTHENTIC:
            raise UserError(
                f"share is 1: that leaves no authentic image to make {self.source} of; take less"
            )
        return self

    @property
    def is_generated(self) -> bool:
        """Whether the images come from a generator."""
        return self.source in GENERATORS
