"""What is fixed for a run of a classification study."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from searchspace.names import lookup
from trainables.attacks.registry import ATTACKS, build_attack
from trainables.attacks.threat import AUTO, parse_eps
from trainables.classification.naming import ranking_metric
from trainables.data import phantom
from trainables.data.dataset import Task
from trainables.data.medmnist import table
from trainables.models.classifiers import BODIES
from trainables.runtime.config import Frozen
from trainables.runtime.device import resolve_device
from trainables.runtime.memory import AUTO as DEVICE_MEMORY
from trainables.runtime.memory import MaxMemory
from trainables.study.ladder import default_ladder, parse_ladder
from trainables.study.report import Rung

SUBSET = 128  # images of the first rung
DEFAULT_EPS = "0,1/255,2/255,4/255,8/255"


class ClassificationSettings(Frozen):
    """What is fixed for a run; every field has a default that suits a laptop.

    Attributes:
        dataset: ``phantom`` or a 2D dataset of MedMNIST.
        data_root: Folder of the npz files; None is the user's cache.
        size: Height and width in pixels.
        fraction: Share of the official training images that is trained on, in (0, 1].
        ranking_from: Where the images that rank trials come from, see `trainables.data.splits`.
        ranking_images: At most so many images rank trials.
        classifier: A name of `trainables.models.classifiers.BODIES`.
        epochs: The budget of a trial.
        attack: The attack whose curve ranks trials unless another metric is named.
        eps: Radii of the threat model in pixels of [0, 1], rising from 0.
        eps_auto: Whether the run chooses the radii itself; set by ``eps="auto"``.
        ladder: The rungs, as `trainables.study.ladder` reads them; None for a default by attack.
        floor: Share by which a trial's clean balanced accuracy (multi-label: macro AUC) may fall
            below the baseline's.
        max_memory: Most memory of one training step, in GiB, as predicted; ``auto`` until the run
            knows its device; None for no limit.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        precision: In which images are made: ``auto``, ``fp32`` or ``bf16``.
        seed: Of splits, initialisation, order, noise, masks and attacks.
        protocol: ``paper`` takes the paper's classifier and epochs where none are named.
    """

    PAPER: ClassVar[dict[str, Any]] = {}

    dataset: str = "phantom"
    data_root: Path | None = None
    size: int = 28
    fraction: float = 0.1
    ranking_from: Literal["auto", "left-out", "val"] = "auto"
    ranking_images: int = Field(default=256, ge=2)
    classifier: str = "cnn"
    epochs: int = Field(default=60, ge=1)
    attack: str = "pgd"
    eps: tuple[float, ...] = parse_eps(DEFAULT_EPS)
    eps_auto: bool = False
    ladder: str | None = None
    floor: float = Field(default=0.15, ge=0, le=1)
    max_memory: MaxMemory = DEVICE_MEMORY
    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: int = Field(default=0, ge=0)
    protocol: Literal["default", "paper"] = "default"

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Let protocol and device choose what the user left open, and write the choice down."""
        filled = dict(values)
        if values.get("eps") == AUTO:
            filled |= {"eps": DEFAULT_EPS, "eps_auto": True}
        device = resolve_device(str(filled.get("device", "auto")))
        filled["device"] = str(device)
        if filled.get("protocol") == "paper":
            return cls.PAPER | filled
        if device.type == "cuda":
            filled.setdefault("classifier", "resnet18-16")
        return filled

    @field_validator("eps", mode="before")
    @classmethod
    def _parse_eps(cls, value: object) -> object:
        # Numbers take the same way as text, so that no curve starts above 0 or goes back.
        entries = value if isinstance(value, list | tuple) else [value]
        return parse_eps(",".join(str(entry) for entry in entries))

    @field_validator("classifier")
    @classmethod
    def _known_classifier(cls, name: str) -> str:
        lookup(BODIES, name, "classifier")
        return name

    @field_validator("attack")
    @classmethod
    def _known_attack(cls, name: str) -> str:
        lookup(ATTACKS, name, "attack")
        return name

    @property
    def task(self) -> Task:
        """What the labels of the dataset mean, known before it is opened."""
        entry = table().get(self.dataset)
        return entry.task if entry else phantom.TASK

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder."""
        default = default_ladder(self.attack, self.epochs, min(SUBSET, self.ranking_images))
        return parse_ladder(
            self.ladder or default,
            attacks=ATTACKS,
            epochs=self.epochs,
            eps=self.eps,
            metric_of=lambda attack: ranking_metric(attack, self.task),
        )

    @model_validator(mode="after")
    def _climbable(self) -> "ClassificationSettings":
        for rung in self.rungs:  # a ladder that cannot be climbed is the user's to mend now
            if level := rung.level:
                build_attack(level.attack, self.task, level.steps, level.restarts)
        return self
