from itertools import pairwise

import numpy as np
import pytest

from trainables.data.copies import near as module
from trainables.data.copies.near import CHAINED, find_near_copies
from trainables.data.dataset import OFFICIAL_SPLITS, Dataset, Images
from trainables.data.datasets import open_dataset


def dataset_of(pixels, sizes, labels=None, task="binary"):
    """Divide images among train, val and test in this order."""
    labels = np.arange(len(pixels)) % 2 if labels is None else np.array(labels)
    ends = np.cumsum((0, *sizes))
    parts = [Images(pixels[a:b], labels[a:b]) for a, b in pairwise(ends)]
    return Dataset("toy", task, ("no", "yes"), *parts, "none", "made up")


def scenes(count, seed=0, shape=(8, 8, 1)):
    """Images that have nothing in common."""
    return np.random.default_rng(seed).integers(20, 200, (count, *shape)).astype(np.uint8)


def groups_of(near):
    """All groups as sets of (split, index)."""
    members = {}
    for split in OFFICIAL_SPLITS:
        for index, group in enumerate(near.groups[split].tolist()):
            members.setdefault(group, set()).add((split, index))
    return sorted(map(sorted, members.values()))


def test_copies_are_grouped_across_splits_and_counted():
    train, val, test = scenes(4), scenes(2, 1), scenes(3, 2)
    val[0] = train[0]  # equal
    test[0] = train[0] + np.uint8(4)  # near both
    test[1] = train[1] + np.uint8(2)
    train[3] = train[2]
    pixels = np.concatenate([train, val, test])
    labels = [0, 1, 0, 1, 1, 0, 0, 1, 0]  # the first and the last group disagree
    near = find_near_copies(dataset_of(pixels, (4, 2, 3), labels))
    assert groups_of(near) == [
        [("test", 0), ("train", 0), ("val", 0)],
        [("test", 1), ("train", 1)],
        [("test", 2)],
        [("train", 2), ("train", 3)],
        [("val", 1)],
    ]
    assert {pair: mask.tolist() for pair, mask in near.near.items()} == {
        ("train", "train"): [False, False, True, True],
        ("train", "val"): [True, False, False, False],
        ("train", "test"): [True, True, False, False],
        ("val", "train"): [True, False],
        ("val", "val"): [False, False],
        ("val", "test"): [True, False],
        ("test", "train"): [True, True, False],
        ("test", "val"): [True, False, False],
        ("test", "test"): [False, False, False],
    }
    assert near.counts == {
        "pairs": 5, "groups": 3, "images": 7, "chained": 0, "largest": 3, "disagreeing": 2,
    }  # fmt: skip
    assert near.line == (
        "Near copies (root mean square below 0.03, correlation above 0.98): 7 of 9 images, in 3 "
        "groups of at most 3; labels disagree in 2 groups."
    )


def test_where_there_are_none_every_image_is_by_itself():
    near = find_near_copies(dataset_of(scenes(9), (4, 2, 3)))
    assert len(groups_of(near)) == 9
    assert not any(mask.any() for mask in near.near.values())
    assert near.line.endswith(": none among 9 images.")
    assert near.counts == {
        "pairs": 0, "groups": 0, "images": 0, "chained": 0, "largest": 1, "disagreeing": 0,
    }  # fmt: skip


def chain(count):
    """Images of which each is near the next and no other."""
    return np.concatenate([scenes(1) + np.uint8(5 * number) for number in range(count)])


def test_a_chain_is_a_group_though_its_ends_are_far_apart():
    near = find_near_copies(dataset_of(chain(6), (2, 2, 2), [0, 0, 0, 0, 0, 1]))
    assert [len(group) for group in groups_of(near)] == [6]
    assert near.counts["pairs"] == 5
    assert near.counts["disagreeing"] == 1
    assert near.near["val", "train"].tolist() == near.near["test", "train"].tolist() == [True] * 2


def test_of_too_long_a_chain_pairs_alone_count():
    pixels = np.concatenate([chain(5), scenes(1, 1)])
    near = find_near_copies(dataset_of(pixels, (2, 2, 2)), largest=4)
    assert near.groups["train"].tolist() == near.groups["val"].tolist() == [CHAINED] * 2
    assert near.near["train", "train"].tolist() == [True, True]
    assert near.near["val", "train"].tolist() == [True, False]
    assert near.near["test", "train"].tolist() == [False, False]
    assert near.near["test", "val"].tolist() == [True, False]
    assert near.counts == {
        "pairs": 4, "groups": 0, "images": 0, "chained": 5, "largest": 1, "disagreeing": 0,
    }  # fmt: skip
    assert "0 of 6 images, in 0 groups of at most 1, 5 more in long chains;" in near.line


def test_chains_are_joined_across_the_parts_in_which_pairs_arrive(monkeypatch):
    whole = find_near_copies(dataset_of(chain(9), (3, 3, 3)))
    monkeypatch.setattr(module, "FOLD", 1)
    monkeypatch.setattr("trainables.data.copies.pairs.ROWS", 2)
    parts = find_near_copies(dataset_of(chain(9), (3, 3, 3)))
    assert groups_of(parts) == groups_of(whole)
    assert parts.counts == whole.counts


@pytest.mark.parametrize("shape", [(8, 8, 3), (6, 6, 6, 1), (5, 7, 1)])
def test_colours_and_volumes_are_grouped_alike(shape):
    pixels = scenes(6, 0, shape)
    pixels[4] = pixels[0] + np.uint8(3)
    near = find_near_copies(dataset_of(pixels, (2, 2, 2)))
    assert near.near["test", "train"].tolist() == [True, False]


def test_labels_of_several_classes_disagree_as_a_whole():
    pixels = scenes(6)
    pixels[3], pixels[4] = pixels[0], pixels[1]
    labels = [[0, 1], [1, 1], [0, 0], [0, 1], [1, 0], [1, 0]]
    near = find_near_copies(dataset_of(pixels, (2, 2, 2), labels, "multi-label"))
    assert near.counts["disagreeing"] == 1


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "counts", "val", "test"),
    [
        (
            "breastmnist",
            {"pairs": 181, "groups": 123, "images": 274, "largest": 4, "disagreeing": 4},
            28,
            44,
        ),
        (
            "pneumoniamnist",
            {"pairs": 31, "groups": 27, "images": 56, "largest": 3, "disagreeing": 0},
            8,
            0,
        ),
    ],
)
def test_official_files(name, counts, val, test, shared_data):
    near = find_near_copies(open_dataset(name, 28, shared_data / "medmnist", print))
    assert near.counts == {**counts, "chained": 0}
    assert near.near["val", "train"].sum() == val
    assert near.near["test", "train"].sum() == test
