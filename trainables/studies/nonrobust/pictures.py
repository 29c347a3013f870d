"""Pictures: an image, its twin in a made set, what differs, and what two networks answer."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from trainables.models.classifiers import Classifier
from trainables.models.modes import frozen
from trainables.runtime.arrays import Floats32
from trainables.saved.checkpoint import load_classifier
from trainables.studies.nonrobust.making import Maker
from trainables.studies.nonrobust.settings import LABEL_OF, ROBUST, TRANSFER
from trainables.study.sheet import Column, Sheet

ROWS = 6
LEAST = 0.01  # end of a colour scale, of 1


def draw_twins(maker: Maker, name: str, models: Mapping[str, Path]) -> Sheet:
    """Show val images, their twins, the differences on one scale, and answers to the twins.

    Args:
        maker: Of the run's seed.
        name: The made set.
        models: Folders of saved models, by label; the student's answers are shown if it is there.
    """
    val, whole = maker.data.val, maker.make(name, "val")
    rows = spread(val.labels, ROWS)
    images, twins, targets = val.images[rows].float() / 255, whole.images[rows], whole.labels[rows]
    change = twins - images
    source = maker.robust if name in {TRANSFER, ROBUST} else maker.standard
    networks = {"source": source}
    if LABEL_OF[name] in models:
        networks["student"] = load_classifier(models[LABEL_OF[name]])[0].to(maker.device)
    answers = [_answers(network, twins, maker.data.classes) for network in networks.values()]
    lines = tuple(
        "; ".join(f"{network}: {text}" for network, text in zip(networks, texts, strict=True))
        for texts in zip(*answers, strict=True)
    )
    bound = max(float(np.quantile(np.abs(_grey(change)), 0.999)), LEAST)
    columns = (
        Column("image", _cells(images)),
        Column("twin", _cells(twins), notes=lines),
        Column("difference", _grey(change), "signed", high=bound, unit="of 1"),
    )
    classes = maker.data.classes
    names = tuple(
        f"{classes[label]} → {classes[target]}"
        for label, target in zip(val.labels[rows].tolist(), targets.tolist(), strict=True)
    )
    caption = (
        f"Images of val and their twins ({LABEL_OF[name]}); rows say the class and the label of "
        "the twin. Differences share one scale. Below the twins: what the network that they were "
        "made with, and the one that trained on such twins alone, answer."
    )
    return Sheet(f"twins-{name}", f"Made images: {LABEL_OF[name]}", caption, names, columns)


def spread(labels: Tensor, count: int) -> Tensor:
    """Return rows of at most ``count`` images, spread over the classes; always the same ones."""
    positions = torch.linspace(0, len(labels) - 1, min(count, len(labels))).round().long()
    return labels.argsort(stable=True)[positions.to(labels.device)]


def _answers(network: Classifier, images: Tensor, classes: tuple[str, ...]) -> list[str]:
    with frozen(network), torch.no_grad():
        probabilities, answers = network(images).softmax(dim=1).max(dim=1)
    pairs = zip(answers.tolist(), probabilities.tolist(), strict=True)
    return [f"{classes[answer]} {probability:.2f}" for answer, probability in pairs]


def _plane(images: Tensor) -> Tensor:
    """Return images (N, C, H, W) as they are, of volumes the middle slice."""
    return images[:, :, images.shape[2] // 2] if images.ndim == 5 else images


def _cells(images: Tensor) -> Floats32:
    plane = _plane(images).detach().float().cpu()
    array: Floats32 = (plane[:, 0] if plane.shape[1] == 1 else plane.movedim(1, -1)).numpy()
    return array


def _grey(change: Tensor) -> Floats32:
    array: Floats32 = _plane(change).detach().float().mean(dim=1).cpu().numpy()
    return array
