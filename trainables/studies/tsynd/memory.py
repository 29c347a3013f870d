"""What TSynD holds beside its classifier: the autoencoder, and the images made in a step."""

import torch
from torch import Tensor, nn

from trainables.classification.memory import Also, parameters_of
from trainables.models.autoencoder import VQVAE
from trainables.models.classifiers import Classifier
from trainables.models.counting import kept_for_backward


def count_autoencoder(classifier: Classifier, images: Tensor) -> Also:
    """Count the autoencoder, and the way from codes to logits for half of a batch.

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

    both = nn.ModuleList((classifier, autoencoder))
    made = kept_for_backward(judge_decoded, both, codes) // 2  # of half the images of a batch
    return Also(parameters_of(autoencoder), made)
