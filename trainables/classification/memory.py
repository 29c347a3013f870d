"""How much memory a classifier needs: in training, under attack, and while images are made."""

from functools import cache

import torch
from torch import Tensor, nn

from trainables.data.medmnist import table
from trainables.models.autoencoder import VQVAE
from trainables.models.classifiers import build_classifier
from trainables.models.counting import kept_for_backward
from trainables.runtime.memory import Need

COPIES = 6  # of a parameter: itself, its gradient, Adam's two moments, the best epoch's, one put by
WORKING = 2  # what is kept counts so often: a backward pass holds gradients of the same shapes
COUNTED, CLASSES = 2, 2  # images that are counted on; more classes add next to nothing


def need_of(classifier: str, dataset: str, size: int) -> Need:
    """Predict what a classifier of a dataset's images needs."""
    entry = table().get(dataset)
    return _need(classifier, entry.channels if entry else 1, size)


@cache
def _need(name: str, channels: int, size: int) -> Need:
    """Count once a process: the networks of a run are all alike."""
    with torch.device("meta"):
        classifier = build_classifier(name, channels, size, CLASSES)
        autoencoder = VQVAE(channels, size)
        images = torch.empty((COUNTED, channels, size, size))
        codes = autoencoder.encode(images)

    def made_and_judged(latents: Tensor) -> Tensor:
        logits: Tensor = classifier(autoencoder.decode(latents))
        return logits

    both = nn.ModuleList((classifier, autoencoder))
    attacked = kept_for_backward(classifier, classifier, images)
    made = kept_for_backward(made_and_judged, both, codes) // 2  # of half the images of a batch
    trained, frozen = (
        sum(one.numel() for one in model.parameters()) for model in (classifier, autoencoder)
    )
    return Need(COPIES * trained + frozen, WORKING * max(attacked, made) // COUNTED)
