import numpy as np
import pytest
import torch

from trainables.classification.assets import (
    LabelledImages,
    at_most,
    open_splits,
    read_data,
    to_tensors,
    write_data,
)
from trainables.classification.settings import ClassificationSettings
from trainables.data.dataset import Dataset, Images
from trainables.data.splits import Splits, make_splits

CPU = torch.device("cpu")


@pytest.fixture
def dataset() -> Dataset:
    """RGB images with two labels each; pixels tell images and splits apart."""
    random = np.random.default_rng(0)

    def images(count: int) -> Images:
        labels = random.integers(0, 2, (count, 2))
        labels[:4] = [[0, 0], [0, 1], [1, 0], [1, 1]]
        return Images(random.integers(0, 256, (count, 8, 8, 3)).astype(np.uint8), labels)

    return Dataset("made-up", "multi-label", ("a", "b"), images(60), images(20), images(30), "", "")


@pytest.fixture
def splits(dataset) -> Splits:
    return make_splits(dataset, 0.3, "left-out", 12, seed=0)


def test_what_is_written_is_read(dataset, splits, tmp_path):
    write_data(tmp_path / "new" / "folder", dataset, splits)
    data = read_data(tmp_path / "new" / "folder", CPU)
    assert (data.task, data.classes) == ("multi-label", ("a", "b"))
    for split in ("train", "val", "ranking"):
        expected, labelled = splits.take(dataset, split), getattr(data, split)
        assert len(labelled) == len(expected)
        assert labelled.images.dtype == torch.uint8
        assert labelled.labels.dtype == torch.int64
        assert np.array_equal(labelled.images.numpy(), expected.pixels.transpose(0, 3, 1, 2))
        assert np.array_equal(labelled.labels.numpy(), expected.labels)


def test_splits_are_recorded(dataset, splits, tmp_path):
    write_data(tmp_path, dataset, splits)
    assert Splits.load(tmp_path / "splits.npz").digest == splits.digest


def test_no_test_image_is_written(dataset, splits, tmp_path):
    """By content, in every array of the folder."""
    write_data(tmp_path, dataset, splits)
    secret = {image.tobytes() for image in dataset.test.pixels}
    written: list[bytes] = []
    for path in tmp_path.glob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            pictures = [array for array in arrays.values() if array.ndim == 4]
        written += [picture.tobytes() for array in pictures for picture in array]
    assert len(written) == len(splits.train) + len(splits.val) + len(splits.ranking)
    assert secret.isdisjoint(written)


def test_channels_come_first():
    pixels = np.arange(2 * 3 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3, 3)
    tensors = to_tensors(Images(pixels, np.array([0, 1])), CPU)
    assert tensors.images.is_contiguous()
    assert tensors.images[1, 2, 0, 1] == pixels[1, 0, 1, 2]


def test_channels_of_volumes_come_first():
    pixels = np.arange(2 * 3 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 3, 4, 5, 3)
    tensors = to_tensors(Images(pixels, np.array([0, 1])), CPU)
    assert tensors.images.is_contiguous()
    assert tensors.images.shape == (2, 3, 3, 4, 5)
    assert tensors.images[1, 2, 2, 3, 4] == pixels[1, 2, 3, 4, 2]


def test_settings_choose_dataset_and_splits():
    settings = ClassificationSettings(fraction=0.2, ranking_from="val", ranking_images=30, seed=4)
    dataset, splits = open_splits(settings, lambda _: None)
    expected = make_splits(dataset, 0.2, "val", 30, seed=4)
    assert dataset.name == "phantom"
    assert splits.digest == expected.digest


@pytest.mark.parametrize("count", [2, 7, 13, 29, 30])
def test_a_part_has_its_share_of_every_label_and_no_image_twice(count):
    labels = torch.tensor([0] * 20 + [1] * 10)[torch.randperm(30, generator=torch.Generator())]
    data = LabelledImages(torch.arange(30)[:, None, None, None], labels)
    part = at_most(data, count)
    numbers = part.images.flatten()
    assert len(numbers.unique()) == len(part) == count
    assert torch.equal(part.labels, labels[numbers])
    assert abs(int((part.labels == 1).sum()) - count / 3) <= 1
    assert torch.equal(at_most(data, count).images, part.images)


def test_a_part_no_smaller_than_the_whole_is_the_whole():
    data = LabelledImages(torch.zeros(3, 1, 2, 2), torch.tensor([[1, 0], [0, 0], [1, 1]]))
    assert at_most(data, 3) is at_most(data, 9) is data
    assert len(at_most(data, 2)) == 2
