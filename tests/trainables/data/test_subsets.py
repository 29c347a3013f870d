"""Subsets of another seed are like the first, and other images."""

import numpy as np
import pytest

from trainables.data.subsets import draw_like

LABELS = np.repeat([0, 1, 2], [60, 30, 10])
SUBSET = np.array([0, 1, 2, 3, 4, 5, 60, 61, 62, 90])


@pytest.mark.parametrize("seed", range(5))
def test_there_are_as_many_of_each_class(seed):
    drawn = draw_like(LABELS, SUBSET, 3, seed)
    assert np.bincount(LABELS[drawn]).tolist() == [6, 3, 1]
    assert (np.diff(drawn) > 0).all()


def test_another_seed_has_other_images_and_the_same_seed_the_same():
    subsets = [draw_like(LABELS, SUBSET, 3, seed).tolist() for seed in range(20)]
    assert len(set(map(tuple, subsets))) == 20
    assert draw_like(LABELS, SUBSET, 3, 7).tolist() == subsets[7]


def test_over_seeds_every_image_of_a_class_trains_as_often():
    counts = np.zeros(len(LABELS))
    for seed in range(400):
        counts[draw_like(LABELS, SUBSET, 3, seed)] += 1
    assert np.abs(counts / 400 - 0.1).max() < 0.075  # five standard deviations


def test_a_subset_that_is_the_pool_stays_the_pool():
    assert draw_like(LABELS, np.arange(100), 3, 3).tolist() == list(range(100))


def test_a_label_that_the_subset_has_is_not_lost():
    generator = np.random.default_rng(0)
    labels = (generator.random((200, 4)) < [0.5, 0.4, 0.3, 0.02]).astype(np.int64)
    labels[0, 3] = 1
    subset = np.arange(0, 200, 10)
    for seed in range(30):
        assert labels[draw_like(labels, subset, 4, seed)].any(axis=0).all()
