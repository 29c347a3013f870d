"""The phantom of volumes: its two cues, and the same voxels on every machine."""

import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data.phantoms import balls
from trainables.data.phantoms.cues import STRAY


@pytest.fixture(scope="module")
def dataset():
    return balls.load()


def volumes(counts, patterns):
    """Draw with equal balls and backgrounds for all counts and patterns."""
    return balls.draw(counts, patterns, 28, np.random.default_rng(11))[..., 0].astype(int)


def classes(n, seed=5):
    return np.random.default_rng(seed).integers(0, 2, n)


def test_is_shaped_like_medmnist(dataset):
    assert (dataset.task, dataset.n_classes, dataset.volumes) == ("binary", 2, True)
    assert dataset.train.pixels.shape == (800, 28, 28, 28, 1)
    assert dataset.class_counts == {"train": (400, 400), "val": (60, 60), "test": (120, 120)}


def test_same_voxels_on_every_machine(dataset):
    # Pinned: when the phantom is changed on purpose, change this, and the table in the docs.
    assert dataset.digest == "a61f9a7a52b08c158e99369dacf3075bef090f4025cceb47b6f5a03deac8dc6e"


def test_no_volume_occurs_twice(dataset):
    splits = ("train", "val", "test")
    contents = [volume.tobytes() for name in splits for volume in dataset.official(name).pixels]
    assert len(set(contents)) == len(contents) == 1160


def test_the_brittle_cue_is_small_and_vanishes_in_means_of_two_by_two_by_two():
    counts, patterns = classes(30), classes(30, seed=6)
    difference = volumes(counts, patterns) - volumes(counts, 1 - patterns)
    assert set(np.abs(difference).max(axis=(1, 2, 3))) <= {4, 6}
    blocks = difference.reshape(-1, 14, 2, 14, 2, 14, 2).sum(axis=(2, 4, 6))
    assert (blocks != 0).mean() < 0.01  # but where a voxel is at its least or greatest value


def test_the_robust_cue_is_large():
    counts, patterns = classes(30), classes(30, seed=6)
    difference = np.abs(volumes(counts, patterns) - volumes(1 - counts, patterns))
    assert ((difference > 16).sum(axis=(1, 2, 3)) > 300).all()


def test_one_ball_has_the_volume_of_two(dataset):
    bright = (dataset.train.pixels > 170).mean(axis=(1, 2, 3, 4))
    single, double = (bright[dataset.train.labels == label].mean() for label in (0, 1))
    assert single == pytest.approx(double, rel=0.05)


def test_an_eighth_of_the_patterns_is_drawn_by_lot(dataset):
    """A guess by the pattern alone errs in half of them."""
    sign = 1.0 - 2.0 * (np.arange(28) % 2)
    checks = sign * sign[:, np.newaxis] * sign[:, np.newaxis, np.newaxis]
    voxels = dataset.train.pixels[..., 0].astype(float)
    voxels -= voxels.mean(axis=(1, 2, 3), keepdims=True)
    planes = np.abs((voxels * sign).mean(axis=(1, 2, 3)))
    guess = (np.abs((voxels * checks).mean(axis=(1, 2, 3))) > planes).astype(int)
    assert (guess == dataset.train.labels).mean() == pytest.approx(1 - STRAY / 2, abs=0.02)


def test_the_share_of_classes_can_be_set():
    assert balls.load(share=0.25).class_counts["train"] == (600, 200)


@pytest.mark.parametrize(("arguments", "message"), [((64,), "28 voxels"), ((28, 0, 1.0), "share")])
def test_what_does_not_exist_is_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        balls.load(*arguments)
