import copy

import pytest
import torch

from trainables.attacks.gradient import PGD
from trainables.attacks.threat import pixels
from trainables.attacks.transfer import Store, Transfer


def test_images_are_made_on_the_source_whatever_the_batches(trained, source):
    threat = pixels(0.05)
    expected = PGD()(source, trained.images, trained.labels, threat, seed=3)
    transfer = Transfer(source=source, attack=PGD(), batch_size=40)
    result = transfer(trained.model, trained.images, trained.labels, threat, seed=3)
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-6)


def test_a_transferred_attack_is_weaker_than_a_direct_one_but_harms(trained, source):
    def n_right(attack):
        adversarials = attack(trained.model, trained.images, trained.labels, pixels(0.08), seed=3)
        return int((trained.model(adversarials).argmax(dim=1) == trained.labels).sum())

    assert n_right(PGD()) < n_right(Transfer(source=source, attack=PGD())) < len(trained.labels)


def test_the_source_s_modes_are_restored(trained, source):
    source.train()
    try:
        Transfer(source=source, attack=PGD(steps=1))(
            trained.model, trained.images, trained.labels, pixels(0.1), seed=0
        )
        assert source.training
        assert all(parameter.requires_grad for parameter in source.parameters())
    finally:
        source.eval()


def calls_of(source):
    """Count the forward passes of a source."""
    calls = []
    source.register_forward_hook(lambda _module, _inputs, _output: calls.append(1))
    return calls


def test_what_is_made_on_a_source_is_made_once_for_all_models(trained, source):
    """A second model's attacker has another set of unbroken images, and a copy of the source."""
    threat, whole = pixels(0.05), (trained.images, trained.labels)

    def attack(part, model):
        transfer = Transfer(source=model, attack=PGD(steps=2), name="r01", whole=whole)
        images, labels = trained.images[part], trained.labels[part]
        return transfer(trained.model, images, labels, threat, 3, positions=part)

    expected = PGD(steps=2)(source, *whole, threat, seed=3)
    first, second = torch.tensor([4, 0, 7]), torch.tensor([7, 9])
    torch.testing.assert_close(attack(first, source), expected[first], rtol=0, atol=1e-6)
    again = copy.deepcopy(source)
    calls = calls_of(again)
    torch.testing.assert_close(attack(second, again), expected[second], rtol=0, atol=1e-6)
    assert not calls


@pytest.mark.parametrize("change", ["weights", "seed", "threat", "steps", "label"])
def test_whatever_matters_makes_other_images(trained, source, change):
    source, labels = copy.deepcopy(source), trained.labels
    seed, threat, steps = 3, pixels(0.05), 2
    Transfer(source=source, attack=PGD(steps=2), name="r01")(
        trained.model, trained.images, labels, threat, seed
    )
    if change == "weights":
        next(source.parameters()).data.add_(1.0)
    if change == "label":
        labels = 1 - labels.clamp(max=1)
    if change == "threat":
        threat = pixels(0.06)
    seed, steps = seed + (change == "seed"), steps + (change == "steps")
    calls = calls_of(source)
    Transfer(source=source, attack=PGD(steps=steps), name="r01")(
        trained.model, trained.images, labels, threat, seed
    )
    assert calls


def test_the_oldest_images_go_first():
    store, image = Store(limit=8), torch.zeros(1)
    for key in "abc":
        store.obtain(key, lambda: image)
    assert list(store.images) == ["b", "c"]
    assert store.holds(image, 2)
    assert not store.holds(image, 3)
    store.obtain("d", lambda: torch.zeros(9))  # too large, and yet of use to the next batch
    assert list(store.images) == ["d"]
