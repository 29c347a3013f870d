"""Settings of the nonrobust study, and the config of one trial [nonrobust]."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from searchspace.names import lookup
from trainables.classification.about import about_classification
from trainables.classification.settings import ClassificationSettings
from trainables.runtime.config import Frozen
from trainables.runtime.folders import cache_folder
from trainables.study.about import About
from trainables.study.settings import DATA, ROBUSTNESS, TRAINING, setting

TRUE = "true"
RANDOM, DETERMINISTIC, TRANSFER, ROBUST = "random", "deterministic", "robust-source", "robust"
SETS = (RANDOM, DETERMINISTIC, TRANSFER, ROBUST)
LABELS, NOISE, UNTRAINED = "labels", "noise", "untrained"
CONTROLS = (LABELS, NOISE, UNTRAINED)
LABEL_OF: Mapping[str, str] = {
    RANDOM: "nonrobust random",
    DETERMINISTIC: "nonrobust deterministic",
    TRANSFER: "robust-source random",
    ROBUST: "robust features",
}
"""The reference that trains on each made set."""
MULTI_LABEL = "its images have several labels each, and a made image has one target"


class NonrobustSettings(ClassificationSettings):
    """What is fixed for a run of the study; ``PAPER`` holds the values of the published recipe."""

    about: ClassVar[About] = about_classification(
        "nonrobust",
        "how much of what a network uses is brittle, and training that does without",
        ("nonrobust", "ilyas", "trades", "wrn", "medmnistc", "goh"),
    )
    PAPER: ClassVar[Mapping[str, Any]] = {"epochs": 76, "classifier": "wrn-16-8", "fraction": 1.0}
    SMALL: ClassVar[Mapping[str, Any]] = {
        **ClassificationSettings.SMALL,
        "construct_steps": 4,
        "untrained": 1,
        "sets": "random,robust",
    }
    takes_volumes: ClassVar[bool] = True
    measures_corruptions: ClassVar[bool] = True

    dataset: str = setting(
        "phantom",
        "A MedMNIST dataset of images or volumes by name; or phantom, or phantom3d, which are made "
        "here.",
        DATA,
    )
    classifier: str = setting(
        "cnn",
        "cnn, densenet, resnet18-16, wrn-16-2, wrn-16-4, wrn-16-8; of the last two smaller widths "
        "are searched, too.",
        TRAINING,
        default_text="cnn; of other data than phantoms wrn-16-2",
    )
    sets: str = setting(
        "random,deterministic,robust-source",
        "Sets that are made from training images, each with networks that train on it alone: "
        "random or deterministic (targets), robust-source (made with a robust network), robust "
        "(robust features alone; slow).",
        TRAINING,
        default_text="random, deterministic, robust-source",
    )
    construct_radius: float = setting(
        0.5,
        "Greatest Euclidean change of a made image of 28 x 28 grey pixels in [0, 1]; larger images "
        "take as much a pixel.",
        ROBUSTNESS,
        gt=0,
    )
    construct_steps: int = setting(30, "Steps of making an image.", ROBUSTNESS, ge=1)
    untrained: int = setting(
        5, "Networks with random weights whose made sets are the controls.", TRAINING, ge=0, le=20
    )
    source: Path | None = setting(
        None,
        "Folder of a saved classifier that sets are made with; by default the baseline.",
        TRAINING,
        default_text="the baseline",
    )
    allow_unknown_source: bool = setting(
        False,  # noqa: FBT003 - a field
        "Take a --source of which it is not known on which images it trained: you say that none "
        "of those that rank or are test here is among them.",
        TRAINING,
    )
    cache: Path = Field(default_factory=cache_folder, description="Folder of sources and sets.")

    @model_validator(mode="before")
    @classmethod
    def _choose_classifier(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take a wide residual network for real data, where the user names none."""
        phantom = str(values.get("dataset", "phantom")).startswith("phantom")
        return values if phantom else {"classifier": "wrn-16-2"} | values

    @classmethod
    def defaults_on(cls, device: str) -> dict[str, Any]:
        """Return nothing: which network shows nonrobust features must not hang on the machine."""
        del device
        return {}

    @field_validator("dataset")
    @classmethod
    def _check_labels(cls, name: str) -> str:
        from trainables.data.datasets import outline  # noqa: PLC0415 - loads NumPy

        about = outline(name)  # an unknown name is refused where the dataset is opened
        if about is not None and about.task == "multi-label":
            raise ValueError(MULTI_LABEL)
        return name

    @field_validator("sets")
    @classmethod
    def _check_sets(cls, text: str) -> str:
        names = [name.strip() for name in text.split(",")]
        for name in names:
            lookup(dict.fromkeys(SETS), name, "made set")
        if len(set(names)) < len(names):
            raise ValueError("a set is named twice")
        return ",".join(names)

    @property
    def made_sets(self) -> tuple[str, ...]:
        """The sets that are made, in the order of `SETS`."""
        return tuple(name for name in SETS if name in self.sets.split(","))


class NonrobustConfig(Frozen):
    """What makes one trial of the study.

    Attributes:
        regime: A name of `searchspace.studies.nonrobust.REGIMES`.
        beta: Weight of the divergence of TRADES.
        train_eps: Radius of the attack in training, in 255ths of the pixel range.
        train_steps: Its steps.
        class_weights: ``balanced`` where all classes weigh the same in the loss.
        optimiser: ``adam``, a tenth of the learning rate from half and from three quarters of the
            budget on; or ``sgd`` with momentum, a tenth from 75 of 76 epochs on [trades].
        lr: Learning rate.
        weight_decay: Of the optimiser.
        batch_size: Images of a step.
        dropout: Before the classifier's last layer.
        augmentation: A name of `trainables.classification.training.augmentation.AUGMENTATIONS`.
        width: Of a wide residual network; None for that of the settings.
        images: What trains: ``true`` images, a made set of `SETS`, or a control of `CONTROLS`.
        source: The number of the network with random weights, of ``untrained``.
    """

    regime: Literal["standard", "trades", "pgd", "half"] = "standard"
    beta: float = Field(default=6.0, ge=0)
    train_eps: float = Field(default=4.0, gt=0, le=255)
    train_steps: int = Field(default=10, ge=1)
    class_weights: Literal["none", "balanced"] = "none"
    optimiser: Literal["adam", "sgd"] = "adam"
    lr: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=1e-4, ge=0)
    batch_size: int = Field(default=32, ge=2)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    augmentation: Literal["none", "flips", "affine"] = "none"
    width: int | None = Field(default=None, ge=1)
    images: Literal[
        "true", "random", "deterministic", "robust-source", "robust", "labels", "noise", "untrained"
    ] = "true"
    source: int = Field(default=0, ge=0)
