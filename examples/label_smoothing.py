"""Label smoothing against attacks: a study in one file, to copy and change.

Does training on softened labels make a classifier harder to attack? The study searches three
numbers: how much the labels are softened, and the learning rate and weight decay of the optimiser.

    python -m search examples/label_smoothing.py:LabelSmoothing --help
    python -m search examples/label_smoothing.py:LabelSmoothing --trials 2 --epochs 2 --in-process

Read it from the top: space, settings, config, learner, study. docs/studies.md explains the words.
Datasets, splits, networks, attacks, alarms, ranking, confirmation and report are the library's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch.nn import functional

from searchspace.domains import Float
from searchspace.errors import UserError
from searchspace.space import Param, Space
from trainables.classification.about import about_classification
from trainables.classification.learner import Lesson
from trainables.classification.settings import ClassificationSettings
from trainables.classification.study import ClassificationStudy
from trainables.runtime.config import Frozen
from trainables.runtime.seeding import generator, seeded
from trainables.study.about import About
from trainables.study.settings import TRAINING, setting
from trainables.study.study import BASELINE, Reference

# 1. The space: what varies from trial to trial. Each parameter is a field of the config below.
SPACE = Space(
    "label_smoothing",
    (
        Param(
            "smoothing", Float(0.0, 0.5), "Probability that moves from the label to all classes."
        ),
        Param("lr", Float(1e-4, 1e-2, log=True), "Learning rate of AdamW."),
        Param("weight_decay", Float(1e-6, 1e-1, log=True), "Of AdamW."),
    ),
)


# 2. The settings: what is fixed for a run. Each `setting` becomes an option of the command, and a
#    name that --config accepts. The base class has dataset, size, network, attack, radii and more.
class Settings(ClassificationSettings):
    """What is fixed for a run of the study."""

    about: ClassVar[About] = about_classification(
        "label-smoothing", "softened labels against attacks", cites=()
    )

    warm_up: float = setting(
        0.1, "Share of the budget in which the learning rate rises.", TRAINING, ge=0, lt=1
    )


# 3. The config: what makes one trial. A point of the space is completed by the defaults here.
#    Every classification study needs `batch_size` and `dropout`.
class Config(Frozen):
    """One trial of the study.

    Attributes:
        smoothing: Probability that moves from the label to all classes, in [0, 1).
        lr: Learning rate of AdamW.
        weight_decay: Of AdamW.
        batch_size: Images of a step.
        dropout: Before the classifier's last layer.
    """

    smoothing: float = Field(default=0.0, ge=0, lt=1)
    lr: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=1e-4, ge=0)
    batch_size: int = Field(default=32, ge=2)
    dropout: float = Field(default=0.0, ge=0, lt=1)


# 4. The learner: how an epoch trains. It never sees val, ranking or test images. What it draws at
#    random follows from the trial's seed, the epoch and a name, so that a trial goes on after an
#    interruption as if nothing had come between.
class SmoothingLearner:
    """Trains a classifier on softened labels.

    Args:
        config: The trial's.
        warm_up: Share of the budget in which the learning rate rises.
        lesson: The classifier and the images to train it on.
    """

    def __init__(self, config: Config, warm_up: float, lesson: Lesson) -> None:
        self.config, self.lesson = config, lesson
        self.optimiser = torch.optim.AdamW(
            lesson.classifier.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )
        self.rise = warm_up * lesson.epochs  # epochs, maybe a fraction

    def epoch(self, number: int) -> float:
        """Train once over all images, and return the mean loss.

        Args:
            number: Epochs trained before, from 0.
        """
        lesson, total = self.lesson, 0.0
        factor = min(1.0, (number + 1) / self.rise) if self.rise else 1.0
        for group in self.optimiser.param_groups:
            group["lr"] = factor * self.config.lr
        shuffle = generator(torch.device("cpu"), lesson.seed, number, "order")
        order = torch.randperm(len(lesson.train), generator=shuffle)
        lesson.classifier.train()
        with seeded(lesson.device, lesson.seed, number, "dropout"):
            for rows in order.split(self.config.batch_size):
                images = lesson.train.images[rows].float() / 255
                loss = functional.cross_entropy(
                    lesson.classifier(images),
                    lesson.train.labels[rows],
                    label_smoothing=self.config.smoothing,
                )
                self.optimiser.zero_grad(set_to_none=True)
                loss.backward()
                self.optimiser.step()
                total += float(loss.detach()) * len(rows)
        return total / len(order)

    def state(self) -> dict[str, Any]:
        """Return what training goes on from, the classifier's weights apart."""
        return {"optimiser": self.optimiser.state_dict()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""
        self.optimiser.load_state_dict(state["optimiser"])


# 5. The study: the class that the command line names.
class LabelSmoothing(ClassificationStudy[Settings, Config]):
    """Searches how far labels are softened, and how the optimiser goes with it."""

    settings = Settings
    config = Config

    def space(self, settings: Settings) -> Space:
        """Return what varies.

        Raises:
            UserError: If the dataset has several labels an image, which have no such smoothing.
        """
        if settings.task == "multi-label":
            raise UserError(f"{settings.dataset} has several labels an image: name another dataset")
        return SPACE

    def references(self, settings: Settings) -> tuple[Reference, ...]:
        """List what every run trains to compare with: hard labels, and the usual smoothing."""
        del settings
        hard, usual = Config(), Config(smoothing=0.1)
        return (
            # Essential: the floor of clean quality rests on it. A control: it cannot win.
            Reference(
                BASELINE,
                hard.model_dump(),
                essential=True,
                control=True,
                point=SPACE.restrict(hard.model_dump()),
            ),
            Reference(
                "smoothing 0.1", usual.model_dump(), point=SPACE.restrict(usual.model_dump())
            ),
        )

    def learner(
        self, config: Config, settings: Settings, lesson: Lesson, assets: Path
    ) -> SmoothingLearner:
        """Make what trains one trial's classifier."""
        del assets  # of studies that make some
        return SmoothingLearner(config, settings.warm_up, lesson)
