"""What classifiers need, and what follows for the batches of attacks."""

import pytest
import torch

from trainables.classification.memory import COPIES, WORKING, need_of
from trainables.models.autoencoder import VQVAE
from trainables.models.classifiers import build_classifier
from trainables.models.counting import kept_for_backward
from trainables.studies.tsynd.memory import count_autoencoder
from trainables.studies.tsynd.study import TSynD

tsynd = TSynD()


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_a_classifiers_need_is_its_copies_and_what_a_gradient_keeps():
    classifier, autoencoder = build_classifier("resnet18-16", 3, (28, 28), 2), VQVAE(3, 28)
    need = need_of("resnet18-16", 3, 28, count_autoencoder)
    assert need.fixed == COPIES * count(classifier) + count(autoencoder)
    of_four = kept_for_backward(classifier, classifier, torch.ones((4, 3, 28, 28)))
    assert need.image == pytest.approx(WORKING * of_four / 4, rel=0.01)


def test_making_images_needs_the_autoencoder_as_well_for_half_a_batch():
    """Beside a small classifier that is more than what the attack keeps."""
    classifier, autoencoder = build_classifier("cnn", 1, (28, 28), 2), VQVAE(1, 28)
    codes = autoencoder.encode(torch.ones((1, 1, 28, 28)))
    alone = kept_for_backward(classifier, classifier, torch.ones((1, 1, 28, 28)))
    decoded = kept_for_backward(autoencoder.decode, autoencoder, codes)
    need = need_of("cnn", 1, 28, count_autoencoder)
    assert need.image > WORKING * alone
    assert need.image == pytest.approx(WORKING * (alone + decoded) / 2, rel=0.05)


def test_a_limit_of_memory_refuses_and_cuts_the_batches_of_attacks(prepared):
    plain = prepared.settings
    config = tsynd.complete({"regime": "baseline"}, plain)
    assert tsynd.limits(config, plain) == {}
    assert tsynd.build(config, plain, prepared.assets).measurement.batch_size == 256
    gib = need_of("cnn", 1, 28, count_autoencoder).gib(config["batch_size"]) * (1 + 1e-9)
    limited = plain.model_copy(update={"max_memory": gib})
    assert tsynd.limits(config, limited)["max_memory"] == pytest.approx(0.0, abs=1e-6)
    assert tsynd.limits(config | {"batch_size": 64}, limited)["max_memory"] > 0
    measurement = tsynd.build(config, limited, prepared.assets).measurement
    assert measurement.batch_size == config["batch_size"]
    assert measurement.build("pgd").batch_size == measurement.build("apgd-t").batch_size == 32
