"""What a trial holds beside its classifier."""

import pytest
import torch

from trainables.classification.memory import COPIES, IMAGES, WORKING, need_of
from trainables.models.autoencoder import VQVAE
from trainables.models.classifiers import build_classifier
from trainables.models.counting import kept_for_backward
from trainables.studies.tsynd.memory import count_autoencoder


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_autoencoder_and_half_a_batch_from_codes_to_logits_are_counted():
    with torch.device("meta"):
        classifier = build_classifier("cnn", 3, (28, 28), 2)
        images = torch.empty((IMAGES, 3, 28, 28))
    extra = count_autoencoder(classifier, images)
    assert extra.parameters == count(VQVAE(3, 28))
    doubled = count_autoencoder(classifier, torch.empty((2 * IMAGES, 3, 28, 28), device="meta"))
    assert doubled.per_batch == pytest.approx(2 * extra.per_batch, rel=0.01)


def test_the_autoencoder_adds_its_parameters_once():
    classifier = build_classifier("resnet18-16", 3, (28, 28), 2)
    need = need_of("resnet18-16", 3, (28, 28), count_autoencoder)
    assert need.fixed == COPIES * count(classifier) + count(VQVAE(3, 28))


def test_making_images_needs_the_autoencoder_as_well_for_half_a_batch():
    """Beside a small classifier that is more than what the attack keeps."""
    classifier, autoencoder = build_classifier("cnn", 1, (28, 28), 2), VQVAE(1, 28)
    codes = autoencoder.encode(torch.ones((1, 1, 28, 28)))
    alone = kept_for_backward(classifier, classifier, torch.ones((1, 1, 28, 28)))
    decoded = kept_for_backward(autoencoder.decode, autoencoder, codes)
    need = need_of("cnn", 1, (28, 28), count_autoencoder)
    assert need.image > WORKING * alone
    assert need.image == pytest.approx(WORKING * (alone + decoded) / 2, rel=0.05)
