"""A model of a run under attacks of increasing strength, by the script that looks for masking."""

import numpy as np
import pytest
from pathology import CLASSES, linear_network, noisy_blobs, pathologies
from scripts import benchmark
from torch.nn import functional

from trainables.classification.assets import LabelledImages

EPS = (6 / 255, 12 / 255)
TRAIN, DATA = noisy_blobs(96, 0), noisy_blobs(24, 1)


@pytest.fixture(scope="module")
def masking():
    return benchmark("masking")


def named(name, honest):
    return next(case.model for case in pathologies(honest, TRAIN) if case.name == name)


def test_confident_answers_are_not_taken_for_masked_gradients(masking):
    """The cross-entropy of logits times 1000 is 0, so attacks on it leave all as it was."""
    honest = linear_network(TRAIN)
    confident = named("logits x 1000", honest)
    plain, scaled = (
        masking.measure(model, honest, DATA, "multi-class", EPS, "bacc")
        for model in (honest, confident)
    )
    assert plain["PGD-50"][1] < 0.2
    for attack, curve in plain.items():
        np.testing.assert_allclose(scaled[attack], curve, atol=1e-6)


def test_a_masked_gradient_shows(masking):
    honest = linear_network(TRAIN)
    model = named("gradient of a decoy", honest)
    curves = masking.measure(model, honest, DATA, "multi-class", EPS, "bacc")
    assert curves["APGD-100"][1] > 0.5 > curves["transfer"][1]


def test_each_label_of_several_is_attacked_on_its_own(masking):
    labels = functional.one_hot(DATA.labels, CLASSES)
    data, network = LabelledImages(DATA.images, labels), linear_network(TRAIN)
    curves = masking.measure(network, network, data, "multi-label", (1 / 255, 4 / 255), "auc")
    assert curves["PGD-10"][1] < curves["PGD-10"][0] < 1
    np.testing.assert_allclose(curves["transfer"], curves["PGD-50"], atol=1e-6)


def test_radii_are_those_of_the_run_and_greater_ones(masking):
    assert masking.with_greater((0.0, 0.01, 0.02)) == (0.01, 0.02, 0.04, 0.08)
    assert masking.with_greater((0.0, 0.6)) == (0.6, 1.0)
