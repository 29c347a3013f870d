"""Settings that all classification studies share."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import ValidationInfo, field_validator, model_validator

from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.attacks.settings import AttackSettings
from trainables.classification.about import headline, ranking_metric
from trainables.data.task import Task
from trainables.runtime.memory import known_limit
from trainables.study.ladder import default_ladder, parse_ladder
from trainables.study.report import Rung
from trainables.study.settings import DATA, ROBUSTNESS, TRAINING, setting

if TYPE_CHECKING:  # NumPy, which the command line does without
    from trainables.data.datasets import Outline

SUBSET = 128  # images of the first rung
DEFAULT_EPS = "0,1/255,2/255,4/255,8/255"


class ClassificationSettings(AttackSettings):
    """What is fixed for a run of a classification study; the defaults suit a laptop."""

    DEFAULT_EPS: ClassVar[str] = DEFAULT_EPS
    EPS: ClassVar[str | None] = "auto"
    absorbs_threshold: ClassVar[bool] = False
    """Whether val chooses the threshold of the answers, see `operating_point`."""
    measures_corruptions: ClassVar[bool] = False
    """Whether every rung measures the mean score under all corruptions as well."""
    takes_volumes: ClassVar[bool] = False
    """Whether the study can train on volumes."""
    SMALL: ClassVar[Mapping[str, Any]] = {
        "fraction": 0.05,
        "ranking_images": 24,
        "eps": "0,4/255",
        "epochs": 3,
    }

    dataset: str = setting(
        "phantom", "A 2D MedMNIST dataset by name, or phantom, which is made here.", DATA
    )
    data_root: Path | None = setting(
        None,
        "Folder of the npz files; what is missing is downloaded.",
        DATA,
        default_text="the user's cache",
    )
    size: int = setting(28, "Pixels: 28, 64, 128 or 224.", DATA)
    fraction: float = setting(0.1, "Share of the training images that trains.", DATA)
    ranking_from: Literal["auto", "left-out", "val"] = setting(
        "auto",
        "Where the images that rank come from: the training images that the fraction leaves out "
        "(left-out), half of val (val), or whichever gives more (auto).",
        DATA,
    )
    ranking_images: int = setting(256, "At most so many images rank.", DATA, ge=2)
    keep_near: bool = setting(
        False,  # noqa: FBT003 - a field
        "Use the official sets as they are. Otherwise near copies of training images are left out "
        "of val and ranking, and test is scored with and without its near copies.",
        DATA,
    )
    classifier: str = setting(
        "cnn",
        "cnn, densenet, resnet18-16 (width 16) or resnet18.",
        TRAINING,
        default_text="cnn; on a GPU resnet18-16",
    )
    attack: str = setting(
        "pgd",
        "The attack that ranks: pgd, fgsm, apgd-ce, apgd-margin, apgd-t, fab or square.",
        ROBUSTNESS,
    )
    eps: tuple[float, ...] = setting(
        DEFAULT_EPS,
        "Radii in pixels of [0, 1], such as 0,1/255,2.5/255; or auto: from where the baseline "
        "loses half of its skill to where adversarial training keeps a quarter.",
        ROBUSTNESS,
        default_text="auto",
        validate_default=True,
    )
    ladder: str | None = setting(
        None,
        "Rungs, cheap first: EPOCHS:ATTACK, then maybe -STEPS, xRESTARTS, @IMAGES, !.",
        ROBUSTNESS,
        default_text="20:pgd-5@128, 60:pgd-10, 60:pgd-20x2!",
    )
    floor: float = setting(
        0.15,
        "Share of what the baseline has above chance without attack that a trial may lose: of "
        "balanced accuracy; several labels: of macro AUC.",
        ROBUSTNESS,
        ge=0,
        le=1,
    )

    @classmethod
    def defaults_on(cls, device: str) -> dict[str, Any]:
        """Return the defaults that differ on a device: a larger classifier on a GPU."""
        return {"classifier": "resnet18-16"} if device == "cuda" else {}

    @field_validator("eps", mode="before")
    @classmethod
    def _parse_eps(cls, value: object) -> object:
        from trainables.attacks.threat import parse_eps  # noqa: PLC0415 - loads torch

        # Numbers are parsed as text is, so that every curve starts at 0 and rises.
        entries = value if isinstance(value, list | tuple) else [value]
        return parse_eps(",".join(str(entry) for entry in entries))

    @field_validator("dataset")
    @classmethod
    def _check_volumes(cls, name: str) -> str:
        """Refuse volumes where the study takes images: networks for images cannot be built."""
        from trainables.data.datasets import outline  # noqa: PLC0415 - loads NumPy

        about = outline(name)  # an unknown name is refused where the dataset is opened
        if about is not None and about.volumes and not cls.takes_volumes:
            raise ValueError("it holds volumes, and this study takes images alone")
        return name

    @field_validator("size")
    @classmethod
    def _check_size(cls, size: int, fields: ValidationInfo) -> int:
        """Refuse a size that the dataset does not come in, before a run has a folder."""
        from trainables.data.datasets import outline  # noqa: PLC0415 - loads NumPy

        name = fields.data.get("dataset", "")
        about = outline(name)
        if about is not None and size not in about.sizes:
            raise ValueError(f"{name} comes in {', '.join(map(str, about.sizes))}")
        return size

    @field_validator("classifier")
    @classmethod
    def _check_classifier(cls, name: str) -> str:
        from trainables.models.classifiers import BODIES  # noqa: PLC0415 - loads torch

        lookup(BODIES, name, "classifier")
        return name

    @field_validator("attack")
    @classmethod
    def _check_attack(cls, name: str) -> str:
        from trainables.attacks.registry import ATTACKS  # noqa: PLC0415 - loads torch

        lookup(ATTACKS, name, "attack")
        return name

    @property
    def data_name(self) -> str:
        """The name of the dataset."""
        return self.dataset

    @property
    def task(self) -> Task:
        """What the labels of the dataset mean; needs no open dataset."""
        return self._outline.task

    @property
    def headline(self) -> str:
        """The score that ranks, chooses the epoch and sets the floor, see `about.headline`."""
        return headline(self.task)

    @property
    def scores(self) -> tuple[str, ...]:
        """The scores that are measured, the headline among them."""
        from trainables.metrics.classification import STANDARD  # noqa: PLC0415 - loads NumPy

        return STANDARD

    @property
    def channels(self) -> int:
        """Channels of the dataset's images; needs no open dataset."""
        return self._outline.channels

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width of an image; of a volume depth, height and width."""
        return (self.size,) * (3 if self._outline.volumes else 2)

    @property
    def _outline(self) -> "Outline":
        from trainables.data.datasets import PHANTOMS, outline  # noqa: PLC0415 - loads NumPy

        # An unknown name is refused where the dataset is opened.
        return outline(self.dataset) or PHANTOMS["phantom"][0]

    @property
    def memory_gib(self) -> float | None:
        """The limit of memory in GiB; None where there is none, or not yet."""
        return known_limit(self.max_memory)

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder of the settings, or the default one of the attack that ranks."""
        from trainables.attacks.registry import ATTACKS  # noqa: PLC0415 - loads torch

        default = default_ladder(self.attack, self.epochs, min(SUBSET, self.ranking_images))
        return parse_ladder(
            self.ladder or default,
            attacks=ATTACKS,
            epochs=self.epochs,
            eps=self.eps,
            metric_of=lambda attack: ranking_metric(attack, self.headline),
        )

    @model_validator(mode="after")
    def _check_ladder(self) -> "ClassificationSettings":
        from trainables.attacks.registry import build_attack  # noqa: PLC0415 - loads torch

        for rung in self.rungs:  # an attack that cannot run is an error before anything is trained
            if level := rung.level:
                build_attack(level.attack, self.task, level.steps, level.restarts)
                _check_order(level.attack, self.headline)
        return self


def _check_order(attack: str, score: str) -> None:
    from trainables.metrics.classification import ORDERS  # noqa: PLC0415 - loads numpy

    if attack == "fab" and score in ORDERS:
        raise UserError(
            f"fab stops where an answer turns wrong, so it measures no {score}: name another "
            "attack, such as apgd-ce or square"
        )
