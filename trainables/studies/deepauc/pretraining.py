"""Classifiers pre-trained by cross-entropy: made once for each data, settings and seed, and cached.

A trial that starts from them trains its own loss only, so that an early rung compares that. They
are those of the last epoch: a choice by val would let val into the weights of every trial.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from trainables.classification.assets import LabelledImages
from trainables.saved.frozen import Content, Kind, digest_of, obtain
from trainables.studies.deepauc.settings import DeepAUCConfig, DeepAUCSettings
from trainables.study.study import Say

VERSION = 1  # raise when the training changes: old cache entries are then not taken
RECIPE = DeepAUCConfig(
    loss="cross_entropy",
    optimiser="adam",
    adam_lr=1e-3,
    epoch_decay=0.0,
    weight_decay=1e-4,
    start="scratch",
)
"""Adam at 1e-3 with weight decay 1e-4, as in LibAUC's recipes for MedMNIST [libauc]."""


@dataclass(frozen=True, eq=False)
class Pretrained:
    """Weights of a classifier, and what they were made from.

    Attributes:
        weights: By name.
        digest: Of what they were made from.
    """

    weights: dict[str, Tensor]
    digest: str


def obtain_pretrained(
    settings: DeepAUCSettings,
    images: LabelledImages,
    train: Callable[[], dict[str, Tensor]],
    say: Say,
) -> Pretrained:
    """Take the weights from the cache, or train them and put them there.

    Args:
        settings: Of the run, with the trial's seed.
        images: The training images.
        train: Trains the weights.
        say: Takes a line about the progress.
    """
    described = {
        "version": VERSION,
        "classifier": settings.classifier,
        "epochs": settings.pretrain_epochs,
        "seed": settings.seed,
        "shape": list(images.images.shape),
        "recipe": RECIPE.model_dump(),
    }
    digest = digest_of(described, images.images, images.labels)
    return obtain(
        PRETRAINED,
        digest,
        lambda: Pretrained(train(), digest),
        cache=Path(settings.cache),
        device=torch.device(settings.device),
        say=say,
    )


def _pack(model: Pretrained) -> Content:
    return Content(model.weights, {"digest": model.digest})


def _unpack(content: Content, device: torch.device) -> Pretrained:
    weights = {name: tensor.to(device) for name, tensor in content.weights.items()}
    return Pretrained(weights, str(content.facts["digest"]))


PRETRAINED = Kind("pretrained-classifier", _pack, _unpack)
