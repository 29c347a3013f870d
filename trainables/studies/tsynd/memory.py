"""The memory that TSynD needs beside its classifier: autoencoder, and images made in a step."""

import torch
from torch import Tensor, nn

from trainables.classification.memory import Extra, parameters_of
from trainables.models.autoencoder import VQVAE
from trainables.models.classifiers import Classifier
from trainables.models.counting import kept_for_backward


def count_autoencoder(classifier: Classifier, images: Tensor) -> Extra:
    """Count the autoencoder, and the computation from codes to logits for half of a batch.

    Args:
        classifier: On the meta device.
        images: (N, C, H, W) on the same.
    """
    with torch.device("meta"):
        autoencoder = VQVAE(images.shape[1], images.shape[2])
        codes = autoencoder.encode(images)

    def judge_decoded(latents: Tensor) -> Tensor:
        logits: Tensor = classifier(autoencoder.decode(latents))
        return logits

    networks = nn.ModuleList((classifier, autoencoder))
    per_batch = kept_for_backward(judge_decoded, networks, codes) // 2  # half of a batch is made
    return Extra(parameters_of(autoencoder), per_batch)
