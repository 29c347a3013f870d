"""The memory that a classifier needs, in training and under attack, and what its study adds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from trainables.models.bodies.body import Shape
from trainables.models.classifiers import Classifier, build_classifier
from trainables.models.counting import kept_for_backward
from trainables.runtime.memory import Need

COPIES = 6  # of a parameter: itself, its gradient, Adam's two moments, the best epoch's, a spare
WORKING = 2  # activations count twice: a backward pass holds gradients of the same shapes
IMAGES, CLASSES = 2, 2  # of the counted batch; more classes add almost nothing


@dataclass(frozen=True)
class Extra:
    """What a study holds in memory beside the classifier.

    Attributes:
        parameters: Of frozen models.
        per_batch: Numbers that stay in memory for the backward pass of the study's own computations
            on a batch of `IMAGES` images.
    """

    parameters: int = 0
    per_batch: int = 0


CountExtra = Callable[[Classifier, Tensor], Extra]
"""(classifier, images), both on the meta device -> what the study holds beside them."""


def no_extra(classifier: Classifier, images: Tensor) -> Extra:
    """Count nothing, for a study that holds only the classifier."""
    del classifier, images
    return Extra()


@cache
def need_of(
    classifier: str, channels: int, shape: Shape, count_extra: CountExtra = no_extra
) -> Need:
    """Predict the memory of a classifier; counted once a process, as a run's networks are alike.

    Args:
        classifier: A name of `trainables.models.classifiers.BODIES`.
        channels: Of its images.
        shape: Height and width of its images; of volumes depth, height and width.
        count_extra: Counts what the study holds beside the classifier.
    """
    with torch.device("meta"):
        network = build_classifier(classifier, channels, shape, CLASSES)
        images = torch.empty((IMAGES, channels, *shape))
        extra = count_extra(network, images)
    attacked = kept_for_backward(network, network, images)
    trained = parameters_of(network)
    return Need(
        COPIES * trained + extra.parameters, WORKING * max(attacked, extra.per_batch) // IMAGES
    )


def parameters_of(network: nn.Module) -> int:
    """Count the parameters of a network."""
    return sum(parameter.numel() for parameter in network.parameters())
