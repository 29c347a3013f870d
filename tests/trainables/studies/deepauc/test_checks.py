"""Data without two classes are refused by name; masks are said to be masks."""

import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data.dataset import Dataset, Images
from trainables.data.splits import make_splits
from trainables.studies.deepauc.checks import check_classes, mask_lines


def dataset(labels, task="binary", masks=False, seed=0):
    """Make a data set whose official splits have these labels."""
    rng = np.random.default_rng(seed)
    splits = {}
    for split, values in labels.items():
        truth = np.array(values, dtype=np.int64)
        pixels = rng.integers(0, 256, (len(truth), 6, 6, 6, 1), dtype=np.uint8)
        if masks:
            sums = truth if truth.ndim == 1 else truth.sum(axis=1)
            pixels = 255 * (pixels > 200 - 100 * sums[:, None, None, None, None]).astype(np.uint8)
        splits[split] = Images(pixels, truth)
    classes = ("no", "yes", "perhaps")[: 2 if task == "binary" else 3]
    return Dataset(name="toy", task=task, classes=classes, licence="", source="", **splits)


def splits_of(data):
    return make_splits(data, 0.5, "left-out", 20, 0)


BOTH = [0, 1] * 20


def test_two_classes_in_every_split_are_taken():
    data = dataset({"train": BOTH, "val": [0, 0, 1, 1], "test": [0, 1]})
    check_classes(data, splits_of(data))


@pytest.mark.parametrize(
    ("val", "words"), [([0, 0, 0], "0 of yes"), ([0, 0, 1], "1 of yes"), ([1, 1, 1], "0 of no")]
)
def test_a_class_that_val_lacks_is_named(val, words):
    data = dataset({"train": BOTH, "val": val, "test": [0, 1]})
    with pytest.raises(UserError, match=f"toy: val has 3 images.* {words}") as error:
        check_classes(data, splits_of(data))
    assert "\\n" not in str(error.value)


def test_several_classes_may_lack_some_but_not_all():
    labels = {"train": [0, 1, 2] * 12, "val": [0, 0, 1, 1], "test": [0]}
    data = dataset(labels, "multi-class")
    check_classes(data, splits_of(data))
    data = dataset(labels | {"val": [1, 1]}, "multi-class")
    with pytest.raises(UserError, match="val has 2 images"):
        check_classes(data, splits_of(data))


def test_several_labels_may_lack_some_but_not_all():
    rows = [[0, 1, 0], [1, 1, 0]] * 20
    data = dataset({"train": rows, "val": rows[:6], "test": rows[:2]}, "multi-label")
    check_classes(data, splits_of(data))
    data = dataset({"train": rows, "val": [[1, 1, 0]] * 4, "test": rows[:2]}, "multi-label")
    with pytest.raises(UserError, match="val has 4 images"):
        check_classes(data, splits_of(data))


def test_masks_are_said_with_what_their_size_is_worth():
    labels = {"train": BOTH, "val": [0, 1] * 10, "test": [0, 1]}
    data = dataset(labels, masks=True)
    masks, size = mask_lines(data, splits_of(data))
    assert "0 and 255" in masks
    assert "AUC of 1.000 on val" in size
    assert mask_lines(dataset(labels), splits_of(data)) == ()
