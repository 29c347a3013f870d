"""Features that are the same for every run, and those of a classifier."""

import numpy as np
import torch

from trainables.generative.features import classifier_features, random_features
from trainables.models.classifiers import build_classifier

CPU = torch.device("cpu")


def test_random_features_do_not_depend_on_the_run():
    images = torch.randint(0, 256, (300, 1, 28, 28)).to(torch.uint8)
    torch.manual_seed(1)
    first = random_features(1, CPU)(images)
    torch.manual_seed(2)
    second = random_features(1, CPU)(images)
    assert first.shape == (300, 64 + 4 * 64)
    assert np.array_equal(first, second)


def test_features_of_an_image_do_not_depend_on_its_batch():
    images = torch.randint(0, 256, (260, 3, 28, 28)).to(torch.uint8)
    features = random_features(3, CPU)
    assert np.allclose(features(images)[257], features(images[257:258])[0], atol=1e-5)


def test_those_of_a_classifier_are_what_its_last_layer_sees():
    classifier = build_classifier("cnn", 1, (28, 28), 2, 0.5)
    images = torch.randint(0, 256, (3, 1, 28, 28)).to(torch.uint8)
    features = classifier_features(classifier)(images)
    with torch.no_grad():
        expected = classifier.eval().features(images.float() / 255).numpy()
    assert np.allclose(features, expected, atol=1e-6)
