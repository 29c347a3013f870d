import numpy as np
import pytest

from trainables.data import phantom
from trainables.data.datasets import open_dataset


@pytest.fixture(scope="module")
def dataset():
    return phantom.load()


def classes(n, seed=5):
    return np.random.default_rng(seed).integers(0, 3, n)


def pictures(shapes, textures, size=28):
    """Draw with equal lesions and backgrounds for all shapes and textures."""
    rng = np.random.default_rng(11)
    return phantom.draw(shapes, textures, size, rng)[..., 0].astype(int)


def test_is_shaped_like_medmnist(dataset):
    assert (dataset.task, dataset.n_classes) == ("multi-class", 3)
    assert dataset.train.pixels.shape == (1200, 28, 28, 1)
    assert dataset.class_counts == {"train": (400,) * 3, "val": (80,) * 3, "test": (160,) * 3}
    assert not np.array_equal(dataset.train.labels, np.sort(dataset.train.labels))


def test_same_images_on_every_machine(dataset):
    # Pinned: when the phantom is changed on purpose, change this, and the table in its docstring.
    assert dataset.digest == "59d0b6605a771ad877bfe544e06a059cb04e92a58961bbb12b44e5b0c33f8496"
    assert (
        open_dataset("phantom", 64, None, print).digest
        == "5a4ffd2eb3e67f8a2d665299a330fcbcb0334248639947536b8acbcc5b45355a"
    )


def test_seeds_give_other_images(dataset):
    second = phantom.load(seed=1)
    assert second.digest != dataset.digest
    contents = [image.tobytes() for part in (dataset, second) for image in part.train.pixels]
    assert len(set(contents)) == 2400


def test_no_image_occurs_twice(dataset):
    contents = [
        image.tobytes()
        for split in ("train", "val", "test")
        for image in dataset.official(split).pixels
    ]
    assert len(set(contents)) == len(contents) == 1920


def test_pixels_leave_room_below_and_above(dataset):
    outermost = (dataset.train.pixels == 0) | (dataset.train.pixels == 255)
    assert outermost.mean() < 0.001


@pytest.mark.parametrize("size", phantom.SIZES)
def test_brittle_cue_is_small_and_vanishes_in_means_of_two_by_two(size):
    shapes, textures = classes(60), classes(60, seed=6)
    images, restriped = pictures(shapes, textures, size), pictures(shapes, (textures + 1) % 3, size)
    difference = np.abs(images - restriped).max(axis=(1, 2))
    assert set(difference) == {6, 8}  # 3 or 4 grey levels, from -1 to 1
    inside = ((images > 8) & (images < 247)).all(axis=(1, 2))  # not clipped
    assert inside.sum() > 30
    blocks = (images - restriped)[inside].reshape(-1, size // 2, 2, size // 2, 2)
    assert not blocks.sum(axis=(2, 4)).any()


def test_robust_cue_is_large():
    shapes, textures = classes(60), classes(60, seed=6)
    difference = np.abs(pictures(shapes, textures) - pictures((shapes + 1) % 3, textures))
    assert ((difference > 16).sum(axis=(1, 2)) >= 8).mean() > 0.9


def brittle_guess(pixels):
    """The class whose stripes correlate best with the image; knows nothing of outlines."""
    row = 1 - 2 * (np.arange(28) % 2)
    patterns = np.stack([np.outer(row, row**2), np.outer(row**2, row), np.outer(row, row)])
    correlation = np.einsum("nij,cij->nc", pixels.astype(float), patterns)
    return np.abs(correlation).argmax(axis=1), np.sign(correlation), patterns


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_brittle_cue_predicts_every_split_until_perturbed(split, dataset):
    images = dataset.official(split)
    pixels = images.pixels[..., 0].astype(int)
    guess, sign, patterns = brittle_guess(pixels)
    assert 0.85 < (guess == images.labels).mean() < 0.97  # 1 - 2/24 of the stripes tell the truth
    rows = np.arange(len(guess))
    stripes = sign[rows, guess][:, None, None].astype(int) * patterns[guess]
    step = 2 * (patterns[(guess + 1) % 3] - stripes)
    assert np.abs(step).max() == 4
    assert (brittle_guess(pixels + step)[0] == images.labels).mean() < 0.4


def test_outlines_follow_cosines_of_multiples_of_the_angle():
    angles = np.linspace(-3, 3, 50)[None, None, :]
    cos = np.broadcast_to(np.cos(angles), (90, 1, 50))
    shapes = np.arange(90) % 3
    waves = phantom._wave(shapes, cos, np.random.default_rng(0))
    draws = np.random.default_rng(0).random((2, 90))
    for wave, shape, which, depth in zip(waves[:, 0], shapes, *draws, strict=True):
        doubled = which >= 0.5
        lobes = np.cos((4 if doubled else 3) * angles[0, 0])
        spikes = (0.5 + 0.5 * np.cos((8 if doubled else 6) * angles[0, 0])) ** 3
        expected = [
            0.03 * lobes,
            (0.14 + 0.14 * depth) * lobes,
            (0.5 + 0.4 * depth) * (spikes - 0.3),
        ]
        np.testing.assert_allclose(wave, expected[shape], atol=1e-12)
