"""One epoch of classifier training, beside images that are made from each batch."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from trainables.losses.likelihood import Loss
from trainables.models.classifiers import Classifier
from trainables.studies.tsynd.regimes import Batch

Synthesise = Callable[[Batch], Tensor | None]


def train_epoch(
    classifier: Classifier,
    optimiser: torch.optim.Optimizer,
    data: Batch,
    synthesise: Synthesise,
    loss: Loss,
    *,
    half_batch: int,
    generator: torch.Generator,
    autocast: Callable[[], AbstractContextManager[None]],
) -> float:
    """Train once over all images; return the mean loss.

    Args:
        classifier: Left in train mode.
        optimiser: Over the classifier's parameters.
        data: All training images as uint8 (N, C, H, W), their codes and labels.
        synthesise: Makes the second half of a batch, or None. It is called at every step, as the
            classifier changes [tsynd, section 3.2].
        loss: Per image, (N,).
        half_batch: Real images a step.
        generator: Of the order, on the CPU.
        autocast: The precision of making images.
    """
    total = 0.0
    order = torch.randperm(len(data.images), generator=generator)
    for rows in order.split(half_batch):
        real = Batch(data.images[rows].float() / 255, data.latents[rows], data.labels[rows])
        with autocast():
            synthetic = synthesise(real)
        images, labels = real.images, real.labels
        if synthetic is not None:
            images = torch.cat([images, synthetic.float()])
            labels = torch.cat([labels, labels])
        classifier.train()
        value = loss(classifier(images), labels).mean()
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        optimiser.step()
        total += float(value.detach()) * len(rows)
    return total / len(order)
