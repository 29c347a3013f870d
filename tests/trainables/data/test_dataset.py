import hashlib

import numpy as np
import pytest

from trainables.data.dataset import Dataset, Images


def images(labels, size=2):
    labels = np.asarray(labels, dtype=np.int64)
    pixels = np.arange(len(labels) * size * size).reshape(-1, size, size, 1).astype(np.uint8)
    return Images(pixels, labels)


def dataset(train, val=(0, 1), test=(1, 0), task="binary", classes=("no", "yes")):
    splits = [part if isinstance(part, Images) else images(part) for part in (train, val, test)]
    return Dataset("toy", task, classes, *splits, "none", "made here")


def test_properties():
    toy = dataset([0, 1, 1])
    assert (toy.n_classes, toy.channels, toy.size) == (2, 1, 2)
    assert (toy.shape, toy.volumes, toy.cites) == ((2, 2), False, ())
    assert toy.class_counts == {"train": (1, 2), "val": (1, 1), "test": (1, 1)}


def test_properties_of_volumes():
    volumes = Images(np.zeros((2, 5, 4, 3, 1), np.uint8), np.array([0, 1]))
    cubes = dataset(volumes, volumes, volumes)
    assert (cubes.channels, cubes.shape, cubes.size, cubes.volumes) == (1, (5, 4, 3), 5, True)
    assert cubes.official("val").take(np.array([1])).pixels.shape == (1, 5, 4, 3, 1)
    assert len(cubes.digest) == 64


def test_multi_label_counts_positives():
    rows = [[1, 0, 1], [0, 0, 1]]
    toy = dataset(rows, rows, rows, "multi-label", ("a", "b", "c"))
    assert toy.class_counts["train"] == (1, 0, 2)


def test_take_keeps_images_and_labels_together():
    part = images([0, 1, 1]).take(np.array([2, 0]))
    assert part.labels.tolist() == [1, 0]
    assert part.pixels[:, 0, 0, 0].tolist() == [8, 0]


def test_digest_is_sha256_of_shapes_and_bytes():
    toy = dataset([0, 1, 1])
    sha = hashlib.sha256()
    for split in ("train", "val", "test"):
        part = toy.official(split)
        n = len(part)
        sha.update(f"{split} ({n}, 2, 2, 1) ({n},)\n".encode())
        sha.update(part.pixels.tobytes() + part.labels.astype("<i8").tobytes())
    assert toy.digest == sha.hexdigest()


def test_digest_tells_datasets_apart():
    digests = {
        dataset([0, 1, 1]).digest,
        dataset([0, 1, 0]).digest,
        dataset([0, 1, 1], val=(1, 0)).digest,
        dataset([0, 1]).digest,
    }
    assert len(digests) == 4
    brighter = Images(images([0, 1, 1]).pixels + np.uint8(1), images([0, 1, 1]).labels)
    assert dataset(brighter).digest not in digests


@pytest.mark.parametrize(
    ("pixels", "labels", "message"),
    [
        (np.zeros((2, 3, 3, 1)), np.zeros(2, np.int64), "images are float64"),
        (np.zeros((2, 3, 3), np.uint8), np.zeros(2, np.int64), r"images are uint8 \(2, 3, 3\)"),
        (np.zeros((2, 3, 3, 3, 3, 1), np.uint8), np.zeros(2, np.int64), "expected .* or .*D, H, W"),
        (np.zeros((2, 3, 3, 1), np.uint8), np.zeros(2, np.uint8), "labels are uint8"),
        (np.zeros((2, 3, 3, 1), np.uint8), np.zeros(3, np.int64), "2 images, but 3 labels"),
    ],
)
def test_invalid_images_do_not_construct(pixels, labels, message):
    with pytest.raises(ValueError, match=message):
        Images(pixels, labels)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": [0, 2]}, "train: labels from 0 to 2, expected 0 to 1"),
        ({"train": [0, 1], "val": [-1]}, "val: labels from -1 to -1, expected 0 to 1"),
        ({"train": [0, 1], "test": []}, "test: no images"),
        ({"train": [0, 1], "val": images([0, 1], size=3)}, r"val: images of shape \(3, 3, 1\)"),
        ({"train": [[0, 1]]}, "expected one an image"),
        ({"train": [[0, 2]], "task": "multi-label"}, "labels from 0 to 2, expected 0 to 1"),
        ({"train": [[0, 1, 1]], "task": "multi-label"}, "not 2 a row"),
    ],
)
def test_invalid_datasets_do_not_construct(splits, message):
    with pytest.raises(ValueError, match=message):
        dataset(**splits)
