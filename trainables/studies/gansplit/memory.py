"""The memory that a trial needs beside its classifier: the largest generator, and the critic."""

import torch
from torch import Tensor

from trainables.classification.memory import Extra, parameters_of
from trainables.models.classifiers import Classifier
from trainables.models.gan.generator import Generator


def count_generator(classifier: Classifier, images: Tensor) -> Extra:
    """Count a generator for two classes, and a critic as large as the classifier.

    Args:
        classifier: On the meta device.
        images: (N, C, H, W) on the same.
    """
    with torch.device("meta"):
        generator = Generator(images.shape[1], images.shape[2], 2)
    return Extra(2 * parameters_of(generator) + parameters_of(classifier))  # one for each class
