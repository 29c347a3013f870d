"""What a trial trains on: authentic images that stay, synthetic ones, their classes and weights."""

import pytest
import torch

from trainables.studies.gansplit.composition import choose, compose
from trainables.studies.gansplit.settings import GANSplitConfig


def rows_of(images):
    return [bytes(image.flatten().tolist()) for image in images]


def make(train, synthesis=None, seed=0, **values):
    config = GANSplitConfig(**{"source": "hinge" if synthesis else "none"} | values)
    return compose(config, train, 2, synthesis, seed)


def test_without_a_source_it_is_the_training_set(train):
    mixture = make(train)
    assert torch.equal(mixture.images, train.images)
    assert torch.equal(mixture.labels, train.labels)
    assert mixture.weights.tolist() == [1.0] * 24


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_what_replaces_leaves_the_number_and_the_classes(train, synthesis, share):
    mixture = make(train, synthesis, mix="replace", share=share)
    assert len(mixture.labels) == 24 == mixture.epoch_size
    assert torch.bincount(mixture.labels).tolist() == [18, 6]
    authentic = mixture.images[: mixture.n_authentic]
    assert set(rows_of(authentic)) <= set(rows_of(train.images))
    assert 0 < mixture.n_authentic < 24
    synthetic = mixture.images[mixture.n_authentic :].float()
    assert (synthetic.std(dim=(1, 2, 3)) == 0).all()  # of one grey


def test_a_share_of_one_leaves_no_authentic_image(train, synthesis):
    mixture = make(train, synthesis, mix="replace", share=1.0)
    assert mixture.n_authentic == 0
    assert torch.bincount(mixture.labels).tolist() == [18, 6]


def test_a_greater_share_holds_the_synthetic_images_of_a_smaller_one(train, synthesis):
    small, large = (make(train, synthesis, mix="replace", share=share) for share in (0.25, 0.5))
    for label in (0, 1):
        first, second = (
            part.images[part.n_authentic :][part.labels[part.n_authentic :] == label]
            for part in (small, large)
        )
        assert torch.equal(first, second[: len(first)])
    authentic = [set(rows_of(part.images[: part.n_authentic])) for part in (small, large)]
    assert authentic[1] < authentic[0]


def test_added_images_have_their_classes_and_their_weight(train, synthesis):
    mixture = make(train, synthesis, ratio=0.5, balance="even", synthetic_weight=0.3)
    assert mixture.n_authentic == 24 == mixture.epoch_size
    assert torch.bincount(mixture.labels).tolist() == [18, 18]
    assert mixture.weights[24:].tolist() == pytest.approx([0.3] * 12)
    bright = mixture.images[24:].float().mean(dim=(1, 2, 3)) > 127
    assert torch.equal(bright, mixture.labels[24:] == 1)


@pytest.mark.parametrize("source", ["repeats", "noise", "augmented", "pixel-gaussian"])
def test_other_sources_make_images_of_those_that_stay(train, source):
    mixture = make(train, source=source, mix="replace", share=0.8)
    assert torch.bincount(mixture.labels).tolist() == [18, 6]
    if source == "repeats":
        staying = rows_of(mixture.images[: mixture.n_authentic])
        assert set(rows_of(mixture.images[mixture.n_authentic :])) <= set(staying)


def test_another_seed_makes_another_set(train, synthesis):
    sets = [rows_of(make(train, synthesis, seed, ratio=1.0).images) for seed in (0, 0, 1)]
    assert sets[0] == sets[1] != sets[2]


def test_the_critic_keeps_the_images_that_it_is_surest_of(synthesis):
    selection = choose(synthesis, GANSplitConfig(source="hinge", keep=0.5), 1, 6, seed=0)
    every = choose(synthesis, GANSplitConfig(source="hinge"), 1, 12, seed=0)
    grey = every.float().mean(dim=(1, 2, 3))
    brightest = every[grey.argsort(descending=True, stable=True)[:6].sort().values]
    assert torch.equal(selection, brightest)
