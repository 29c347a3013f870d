"""Suites: labels that tell unlike apart, what is refused, and images of both sizes."""

import numpy as np
import pytest
import torch

from searchspace.errors import UserError
from trainables.corruptions.corruptions import CORRUPTIONS, corrupt
from trainables.corruptions.medmnistc.operators import OPERATORS, as_grey
from trainables.corruptions.suites import (
    ACQUISITION,
    DEFINED,
    OWN,
    VIA,
    corrupt_defined,
    open_suite,
)


def images(side, channels=1, count=3):
    random = torch.Generator().manual_seed(0)
    shape = (count, channels, side, side)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)


def test_each_suite_has_a_label_of_its_own():
    labels = [
        open_suite(name, "pneumoniamnist", (side, side)).label
        for name, side in ((OWN, 28), (VIA, 28), (OWN, 224), (DEFINED, 224), (ACQUISITION, 28))
    ]
    assert labels == [
        "c-like @28",
        "c-like @28 via 224",
        "c-like @224",
        "medmnist-c",
        "artefacts @28",
    ]


@pytest.mark.parametrize(
    ("name", "dataset", "shape", "message"),
    [
        (DEFINED, "pneumoniamnist", (28, 28), "not for images of 28 pixels: take c-like via 224"),
        (VIA, "pneumoniamnist", (224, 224), "take medmnist-c"),
        (DEFINED, "phantom", (28, 28), "no corruptions of phantom"),
        (VIA, "adrenalmnist3d", (28, 28, 28), "no corruptions of adrenalmnist3d"),
        (VIA, "pneumoniamnist", (64, 64), "do not divide 224"),
        ("medmnist", "pneumoniamnist", (28, 28), "medmnist-c"),
    ],
)
def test_a_suite_that_is_not_defined_is_one_line(name, dataset, shape, message):
    with pytest.raises(UserError, match=message) as caught:
        open_suite(name, dataset, shape)
    assert "\n" not in str(caught.value)


def test_a_corruption_unknown_for_a_dataset_is_one_line():
    suite = open_suite(VIA, "breastmnist", (28, 28))
    suite.check("speckle_noise")
    with pytest.raises(UserError, match="gaussian_noise"):
        suite.check("gaussian_noise")
    with pytest.raises(UserError, match="gaussian_noise"):
        corrupt_defined(images(28), ("breastmnist", "gaussian_noise", 1), seed=0)


def test_the_own_table_is_applied_as_it_is():
    suite = open_suite(OWN, "phantom", (28, 28))
    assert suite.kinds == tuple(CORRUPTIONS)
    clean = images(28)
    corrupted = suite.apply(clean, "impulse_noise", 3, 5)
    assert torch.equal(corrupted, corrupt(clean.float() / 255, "impulse_noise", 3, 5))


@pytest.mark.parametrize("channels", [1, 3])
def test_at_224_pixels_the_operator_itself_is_applied(channels):
    suite = open_suite(DEFINED, "dermamnist", (224, 224))
    clean = images(224, channels, count=1)
    corrupted = suite.apply(clean, "contrast_down", 5, 0)
    colour = np.ascontiguousarray(clean[0].expand(3, -1, -1).movedim(0, -1).numpy())
    expected = OPERATORS["contrast_down"](colour, 0.4, np.random.default_rng(0))
    expected = as_grey(expected)[:, :, None] if channels == 1 else expected
    np.testing.assert_array_equal((corrupted[0] * 255).round().movedim(0, -1).numpy(), expected)


def test_by_way_of_224_an_image_comes_back_and_noise_is_averaged():
    clean = torch.full((2, 1, 28, 28), 128, dtype=torch.uint8)
    suite = open_suite(VIA, "pneumoniamnist", (28, 28))
    noisy = suite.apply(clean, "gaussian_noise", 5, 0)
    assert noisy.shape == clean.shape
    assert 255 * noisy.std() == pytest.approx(0.67 * 0.08 * 255 / 8, rel=0.2)
    darker = suite.apply(clean, "brightness_down", 5, 0)
    assert (255 * darker).round().unique().tolist() == [64]


def test_noise_follows_from_seed_image_and_severity():
    suite, clean = open_suite(VIA, "pneumoniamnist", (28, 28)), images(28)
    first = suite.apply(clean, "speckle_noise", 2, 0)
    assert torch.equal(first, suite.apply(clean, "speckle_noise", 2, 0))
    assert not torch.equal(first, suite.apply(clean, "speckle_noise", 2, 1))
    twins = suite.apply(clean[:1].expand(2, -1, -1, -1), "speckle_noise", 2, 0)
    assert not torch.equal(twins[0], twins[1])


def test_artefacts_are_a_suite_of_images_and_volumes():
    suite = open_suite(ACQUISITION, "adrenalmnist3d", (12, 12, 12))
    clean = torch.randint(0, 256, (2, 1, 12, 12, 12), dtype=torch.uint8)
    for kind in suite.kinds:
        assert suite.apply(clean, kind, 3, 0).shape == clean.shape
