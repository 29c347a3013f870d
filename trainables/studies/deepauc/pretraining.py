"""Classifiers pre-trained by cross-entropy: made once for each data, settings and seed, and cached.

A trial that starts from them trains its own loss only, so that an early rung compares that. They
are those of the last epoch: a choice by val would let val into the weights of every trial.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from trainables.classification.assets import LabelledImages
from trainables.runtime.device import resolve_precision
from trainables.saved.frozen import digest_of, obtain
from trainables.saved.weights import Weights, weights_kind
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


PRETRAINED = weights_kind("pretrained-classifier")


def obtain_pretrained(
    settings: DeepAUCSettings,
    images: LabelledImages,
    train: Callable[[], dict[str, Tensor]],
    say: Say,
) -> Weights:
    """Take the weights from the cache, or train them and put them there.

    Args:
        settings: Of the run, with the trial's seed.
        images: The training images.
        train: Trains the weights.
        say: Takes a line about the progress.
    """
    device = torch.device(settings.device)
    described = {
        "version": VERSION,
        "precision": str(resolve_precision(settings.precision, device)),
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
        lambda: Weights(train(), digest),
        cache=Path(settings.cache),
        device=device,
        say=say,
    )
