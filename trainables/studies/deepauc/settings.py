"""Settings of the deep AUC study, and the config of one trial [libauc]."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from searchspace.names import lookup
from searchspace.studies.deepauc import CROSS_ENTROPY, LOSSES
from trainables.classification.about import about_classification
from trainables.classification.settings import ClassificationSettings
from trainables.runtime.config import Frozen
from trainables.runtime.folders import cache_folder
from trainables.study.about import About
from trainables.study.settings import DATA, ROBUSTNESS, TRAINING, setting

SCORES = ("auc", "ap", "pauc", "acc", "bacc")
BALANCED = "balanced"  # cross-entropy whose classes weigh the same: of a reference alone
LIKELIHOODS = (CROSS_ENTROPY, BALANCED)
LEAST_TEMPERATURE = 0.05  # see `trainables.losses.rank_losses`


class DeepAUCSettings(ClassificationSettings):
    """What is fixed for a run of the study; ``PAPER`` holds the document's values."""

    about: ClassVar[About] = about_classification(
        "deepauc",
        "classifiers trained to maximise the area under a curve",
        ("medmnistauc", "libauc", "aucm", "pdsca", "soap", "sopa"),
        kept="auc",
    )
    PAPER: ClassVar[Mapping[str, Any]] = {"epochs": 100, "classifier": "resnet18", "fraction": 1.0}
    SMALL: ClassVar[Mapping[str, Any]] = {**ClassificationSettings.SMALL, "pretrain_epochs": 2}

    takes_volumes: ClassVar[bool] = True
    absorbs_threshold: ClassVar[bool] = True  # networks that were trained to order have none

    dataset: str = setting(
        "phantom",
        "A MedMNIST dataset of images or volumes by name; or phantom, or phantom3d, which are made "
        "here.",
        DATA,
    )
    size: int = setting(28, "Pixels, or voxels: 28, 64, 128 or 224.", DATA)
    classifier: str = setting(
        "cnn",
        "cnn, resnet18-16 (width 16), resnet18, wrn-16-2; densenet for images alone; for volumes "
        "also resnet18-16-2.5d, resnet18-16-acs and the like.",
        TRAINING,
        default_text="cnn; on a GPU resnet18-16",
    )
    floor: float = setting(
        0.15,
        "Share of the clean AUC (or --score) that the baseline has above a constant answer, and "
        "that a trial may lose.",
        ROBUSTNESS,
        ge=0,
        le=1,
    )
    volumes: bool = setting(
        False,  # noqa: FBT003 - a field
        "Take the phantom of volumes where no dataset is named; a named one must hold volumes.",
        DATA,
    )
    score: Literal["auc", "ap", "pauc"] = setting(
        "auc",
        "What ranks: the area under the ROC curve, average precision (ap), or the area up to 30 % "
        "false positives (pauc).",
        ROBUSTNESS,
    )
    loss: str = setting(
        "all",
        "The one loss that is searched: cross_entropy, aucm, pairwise, ap, pauc or pauc_kl; or "
        "all.",
        TRAINING,
    )
    pretrain_epochs: int = setting(
        30,
        "Epochs of cross-entropy before a trial that starts from pre-trained weights.",
        TRAINING,
        ge=1,
    )
    cache: Path = Field(
        default_factory=cache_folder, description="Folder of pre-trained classifiers."
    )

    @model_validator(mode="before")
    @classmethod
    def _take_volumes(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Name the phantom of volumes where the user asks for volumes and names no dataset."""
        return {"dataset": "phantom3d"} | values if values.get("volumes") else values

    @field_validator("loss")
    @classmethod
    def _check_loss(cls, name: str) -> str:
        if name == BALANCED:
            raise ValueError("is the loss of a reference alone: choose one that is searched")
        lookup(dict.fromkeys(("all", *LOSSES)), name, "loss")
        return name

    @field_validator("volumes")
    @classmethod
    def _check_dataset(cls, volumes: bool, fields: ValidationInfo) -> bool:  # noqa: FBT001
        from trainables.data.datasets import outline  # noqa: PLC0415 - loads NumPy

        about = outline(fields.data.get("dataset", ""))
        if volumes and about is not None and not about.volumes:
            raise ValueError(f"dataset '{fields.data['dataset']}' holds images: leave it out")
        return volumes

    @property
    def headline(self) -> str:
        """The score that ranks, chooses the epoch and sets the floor."""
        return self.score

    @property
    def scores(self) -> tuple[str, ...]:
        """The scores that are measured: those that need no threshold, and those at val's."""
        return SCORES


class DeepAUCConfig(Frozen):
    """What makes one trial of the study.

    Attributes:
        loss: A name of `searchspace.studies.deepauc.LOSSES`; or ``balanced``: cross-entropy in
            which all classes weigh the same.
        optimiser: ``pesg`` or ``adam``; the AUC margin, a min-max problem, takes PESG alone.
        margin: Difference of scores from which on a pair costs nothing.
        surrogate: What a pair costs below that, in the loss over pairs.
        inner_steps: Steps of cross-entropy before each of the AUC margin; 1 is PDSCA.
        aucm_lr: Learning rate of PESG on the AUC margin.
        pesg_lr: Learning rate of PESG on other losses.
        adam_lr: Learning rate of Adam.
        epoch_decay: Pull towards the reference weights.
        weight_decay: Pull towards zero.
        stage_factor: By which the learning rate falls at a half and three quarters of the budget.
        reference_point: Of the first stage: the ``start``, or ``zero``, as LibAUC's code has it.
        class_factor: Whether the AUC margin is multiplied by p (1 - p), as LibAUC's first version.
        gamma: Weight of the batch in the estimates of average precision.
        kl_gamma: The same of smooth partial AUC.
        temperature: Of smooth partial AUC.
        share: Of the negatives, those that partial AUC looks at.
        eta: Step of the quantile of partial AUC.
        positive_share: Of positives in each batch; None for batches drawn from all images alike.
        start: ``pretrained`` by cross-entropy, or from ``scratch``.
        batch_size: Images of a step.
        dropout: Before the classifier's last layer.
        augmentation: A name of `trainables.classification.training.augmentation.AUGMENTATIONS`.
        train_eps: Radius of adversarial training, in 255ths of the pixel range; 0 for none.
        attack_steps: PGD steps of adversarial training.
    """

    loss: Literal["cross_entropy", "balanced", "aucm", "pairwise", "ap", "pauc", "pauc_kl"] = (
        "cross_entropy"
    )
    optimiser: Literal["pesg", "adam"] = "pesg"
    margin: float = Field(default=1.0, gt=0, le=1)
    surrogate: Literal["squared_hinge", "squared", "hinge"] = "squared_hinge"
    inner_steps: int = Field(default=0, ge=0)
    aucm_lr: float = Field(default=0.1, gt=0)
    pesg_lr: float = Field(default=0.1, gt=0)
    adam_lr: float = Field(default=1e-3, gt=0)
    epoch_decay: float = Field(default=2e-3, ge=0)
    weight_decay: float = Field(default=1e-5, ge=0)
    stage_factor: float = Field(default=10.0, ge=1)
    reference_point: Literal["start", "zero"] = "start"
    class_factor: bool = False
    gamma: float = Field(default=0.5, gt=0, le=1)
    kl_gamma: float = Field(default=0.5, gt=0, le=1)
    temperature: float = Field(default=1.0, ge=LEAST_TEMPERATURE)
    share: float = Field(default=0.3, gt=0, le=1)
    eta: float = Field(default=0.1, ge=0)
    positive_share: float | None = Field(default=None, gt=0, lt=1)
    start: Literal["pretrained", "scratch"] = "pretrained"
    batch_size: int = Field(default=32, ge=2)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    augmentation: Literal["none", "flips", "affine"] = "none"
    train_eps: float = Field(default=0.0, ge=0, le=255)
    attack_steps: int = Field(default=5, ge=1)

    @model_validator(mode="after")
    def _check_optimiser(self) -> "DeepAUCConfig":
        if self.loss == "aucm" and self.optimiser != "pesg":
            raise ValueError("the AUC margin is a min-max problem: it takes the optimiser pesg")
        if self.inner_steps and self.loss != "aucm":
            raise ValueError(f"inner_steps belong to the loss aucm, not to {self.loss}")
        return self

    @model_validator(mode="after")
    def _check_share(self) -> "DeepAUCConfig":
        if self.positive_share is None:
            return self
        n_positive = self.positive_share * self.batch_size
        if not 0.5 <= n_positive <= self.batch_size - 0.5:
            raise ValueError(
                f"positive_share {self.positive_share:g} of {self.batch_size} images leaves no "
                f"image of one class: take {0.5 / self.batch_size:.3g} to "
                f"{1 - 0.5 / self.batch_size:.3g}, or greater batches"
            )
        return self

    @property
    def lr(self) -> float:
        """The learning rate of the optimiser that the config names."""
        if self.loss == "aucm":
            return self.aucm_lr
        return self.pesg_lr if self.optimiser == "pesg" else self.adam_lr
