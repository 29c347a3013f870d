"""Datasets by name: what is listed is what is opened."""

from pathlib import Path

import pytest

from searchspace.errors import UserError
from trainables.data import medmnist
from trainables.data.datasets import dataset_names, open_dataset

NAMES_2D = tuple(name for name in medmnist.table() if not name.endswith("3d"))


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("brestmnist", 28, "unknown dataset 'brestmnist': did you mean breastmnist"),
        ("BreastMNIST", 28, "did you mean breastmnist"),
        ("fantom", 28, "did you mean phantom"),
        ("zzz", 28, "choose from phantom, pathmnist, .* organsmnist$"),
        ("breastmnist", 32, "size 32: breastmnist comes in 28, 64, 128, 224 pixels"),
        ("phantom", 32, "size 32: the phantom comes in 28 and 64 pixels"),
        ("adrenalmnist3d", 28, "'adrenalmnist3d' holds volumes: this study takes images alone"),
    ],
)
def test_unknown_names_and_sizes(name, size, message, tmp_path):
    with pytest.raises(UserError, match=message):
        open_dataset(name, size, tmp_path, print)


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("zzz", 28, "choose from phantom, phantom3d, pathmnist, .* synapsemnist3d$"),
        ("adrenalmnist3d", 128, "size 128: adrenalmnist3d comes in 28, 64 voxels"),
    ],
)
def test_unknown_names_and_sizes_where_volumes_are_taken(name, size, message, tmp_path):
    with pytest.raises(UserError, match=message):
        open_dataset(name, size, tmp_path, print, volumes=True)


def test_the_phantoms_come_first_and_volumes_only_when_asked_for():
    assert dataset_names() == ("phantom", *NAMES_2D)
    assert dataset_names(volumes=True) == ("phantom", "phantom3d", *medmnist.table())


def test_what_a_dataset_cites_is_in_the_bibliography(fake, tmp_path):
    fake("breastmnist")
    keys = open_dataset("breastmnist", 28, tmp_path, print).cites
    bibliography = (Path(__file__).parents[3] / "CITATIONS.bib").read_text(encoding="utf-8")
    assert keys == ("medmnist",)
    assert all(f"{{{key},\n" in bibliography for key in keys)


def test_the_phantom_is_opened_without_a_file(tmp_path):
    dataset = open_dataset("phantom", 28, tmp_path / "none", print)
    assert (dataset.name, dataset.shape, dataset.volumes) == ("phantom", (28, 28), False)
    assert not (tmp_path / "none").exists()
