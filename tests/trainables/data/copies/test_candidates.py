from collections import Counter

import numpy as np

from trainables.data.copies.candidates import (
    Candidates,
    candidates_by_content,
    candidates_by_group,
    with_copies,
)
from trainables.data.copies.near import CHAINED, NearCopies

GROUPS = np.array([7, 7, 3, CHAINED, 5, 5, 5, 2, CHAINED, 9])


def near_copies(groups, in_test=()):
    test = np.isin(np.arange(len(groups)), in_test)
    counts = dict.fromkeys(("pairs", "n_groups", "n_images", "n_chained", "disagreeing"), 0)
    return NearCopies(groups={"train": groups}, near={("train", "test"): test}, largest=1, **counts)


def test_chosen_images_come_with_their_groups():
    assert with_copies(GROUPS, np.array([1, 7])).tolist() == [0, 1, 7]
    assert with_copies(GROUPS, np.array([3])).tolist() == [3]  # a chain is no group
    assert with_copies(GROUPS, np.array([], np.int64)).tolist() == []


def test_one_image_of_a_group_may_rank_where_no_other_serves():
    pool = np.array([1, 2, 3, 4, 5, 6, 8, 9])  # 0 and 7 train
    offer = candidates_by_group(near_copies(GROUPS, in_test=[2]), "train", pool, np.array([0, 7]))
    assert offer.pool.tolist() == pool.tolist()
    assert offer.usable.tolist() == [4, 9]  # not 1 (near 0), 2 (near test), 3 and 8 (chained)
    assert offer.copies == 4


def test_images_whose_pixels_occur_again_do_not_rank():
    contents = [b"a", b"b", b"a", b"c", b"d"]
    occurrences = Counter([*contents, b"d"])
    offer = candidates_by_content(np.array([1, 2, 3, 4]), contents, occurrences)
    assert offer.usable.tolist() == [1, 3]
    assert offer.capacity == 2


def test_about_half_of_the_pool_may_rank():
    def capacity(pool, usable, copies):
        return Candidates(np.arange(pool), np.arange(usable), copies).capacity

    assert capacity(9, 9, 9) == 4
    assert capacity(9, 3, 3) == 3
    assert capacity(100, 40, 80) == 25  # 25 groups of 2 on average: half of the images
    assert capacity(5, 0, 0) == 0
