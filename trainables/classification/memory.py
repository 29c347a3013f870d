"""How much memory a classifier needs, in training and under attack, and what its study adds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from trainables.models.classifiers import Classifier, build_classifier
from trainables.models.counting import kept_for_backward
from trainables.runtime.memory import Need

COPIES = 6  # of a parameter: itself, its gradient, Adam's two moments, the best epoch's, one put by
WORKING = 2  # what is kept counts so often: a backward pass holds gradients of the same shapes
COUNTED, CLASSES = 2, 2  # images that are counted on; more classes add next to nothing


@dataclass(frozen=True)
class Also:
    """What a study holds beside the classifier.

    Attributes:
        parameters: Of frozen models.
        per_batch: Numbers that the backward pass of what the study does to a batch needs, for
            `COUNTED` images.
    """

    parameters: int = 0
    per_batch: int = 0


CountAlso = Callable[[Classifier, Tensor], Also]
"""(classifier, images), both on the meta device -> what a study holds beside them."""


def nothing_more(classifier: Classifier, images: Tensor) -> Also:
    """Count nothing: the study trains the classifier and no more."""
    del classifier, images
    return Also()


@cache
def need_of(
    classifier: str, channels: int, size: int, count_also: CountAlso = nothing_more
) -> Need:
    """Predict what a classifier needs; counted once a process, as a run's networks are alike.

    Args:
        classifier: A name of `trainables.models.classifiers.BODIES`.
        channels: Of its images.
        size: Of its images, in pixels.
        count_also: Counts what the study holds beside it.
    """
    with torch.device("meta"):
        network = build_classifier(classifier, channels, (size, size), CLASSES)
        images = torch.empty((COUNTED, channels, size, size))
        also = count_also(network, images)
    attacked = kept_for_backward(network, network, images)
    trained = parameters_of(network)
    return Need(
        COPIES * trained + also.parameters, WORKING * max(attacked, also.per_batch) // COUNTED
    )


def parameters_of(network: nn.Module) -> int:
    """Count the parameters of a network."""
    return sum(parameter.numel() for parameter in network.parameters())
