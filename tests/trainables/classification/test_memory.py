"""What classifiers need, and what a study adds."""

import pytest
import torch

from trainables.classification.memory import COPIES, IMAGES, WORKING, Extra, need_of, parameters_of
from trainables.models.classifiers import build_classifier
from trainables.models.counting import kept_for_backward

GREAT = 10**9


def test_a_classifiers_need_is_its_copies_and_what_a_gradient_keeps():
    classifier = build_classifier("resnet18-16", 3, (28, 28), 2)
    need = need_of("resnet18-16", 3, (28, 28))
    assert need.fixed == COPIES * parameters_of(classifier)
    of_four = kept_for_backward(classifier, classifier, torch.ones((4, 3, 28, 28)))
    assert need.image == pytest.approx(WORKING * of_four / 4, rel=0.01)


def test_frozen_models_count_once_and_the_larger_of_two_backward_passes_counts():
    """A study's own pass and an attack never need memory at the same time."""
    plain = need_of("cnn", 1, (28, 28))
    small = need_of("cnn", 1, (28, 28), lambda classifier, images: Extra(1000, per_batch=1))
    large = need_of("cnn", 1, (28, 28), lambda classifier, images: Extra(1000, per_batch=GREAT))
    assert small.fixed == large.fixed == plain.fixed + 1000
    assert small.image == plain.image
    assert large.image == WORKING * GREAT // IMAGES


def test_what_a_study_adds_is_counted_on_the_classifier_and_images_of_the_run():
    calls = []

    def count(classifier, images):
        calls.append((parameters_of(classifier), tuple(images.shape), images.device.type))
        return Extra()

    need_of("cnn", 3, (64, 64), count)
    size = parameters_of(build_classifier("cnn", 3, (64, 64), 2))
    assert calls == [(size, (IMAGES, 3, 64, 64), "meta")]
