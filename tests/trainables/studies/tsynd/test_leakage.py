"""What must not reach the weights does not: each split serves what it is for, and nothing else."""

import shutil

import pytest
import torch

from trainables.classification import assets as assets_module
from trainables.classification import study as study_module
from trainables.classification.assets import (
    ARRAYS,
    CONTENTS,
    LEFT_OUT,
    open_splits,
    read_data,
    read_pool,
)
from trainables.studies.tsynd import assets as tsynd_assets
from trainables.studies.tsynd.assets import AUTOENCODER, WEIGHTS
from trainables.studies.tsynd.study import TSynD
from trainables.study.report import Level, Rung

tsynd = TSynD()

CPU = torch.device("cpu")
LEVEL = Level("fgsm", None, 1, (0.0, 4 / 255), images=6)
QUICK = {"latent_iterations": 1, "masks": 4, "lr": 3e-3, "latent_lr": 0.5, "batch_size": 12}


def contents(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


@pytest.fixture(scope="module")
def official(prepared):
    return open_splits(prepared.settings, lambda _: None)


def test_no_test_image_is_among_the_assets(prepared, official):
    """By content."""
    dataset, splits = official
    secret = {image.transpose(2, 0, 1).tobytes() for image in splits.take(dataset, "test").pixels}
    data = read_data(prepared.assets, CPU)
    written = [contents(split.images) for split in (data.train, data.val, data.ranking)]
    assert [len(images) for images in written] == [60, 240, 48]
    assert all(secret.isdisjoint(images) for images in written)
    files = {path.name for path in prepared.assets.iterdir()}
    assert files == {
        ARRAYS, LEFT_OUT, "data.json", CONTENTS, "splits.npz", AUTOENCODER, WEIGHTS,
    }  # fmt: skip
    pool = read_pool(prepared.assets).pixels
    assert secret.isdisjoint(image.transpose(2, 0, 1).tobytes() for image in pool)


def test_the_autoencoder_sees_the_training_images_less_those_that_rank(
    prepared, official, tmp_path, monkeypatch
):
    calls, obtain = [], tsynd_assets.obtain_autoencoder

    def watch(images, *rest):
        calls.append(images)
        return obtain(images, *rest)

    monkeypatch.setattr(tsynd_assets, "obtain_autoencoder", watch)
    facts = tsynd.prepare(prepared.settings, tmp_path, lambda _: None)
    dataset, _ = official
    unlabelled, data = contents(calls[0]), read_data(tmp_path, CPU)
    assert facts.digests == prepared.facts.digests
    assert unlabelled.isdisjoint(contents(data.ranking.images))
    assert unlabelled.isdisjoint(contents(data.val.images))
    assert contents(data.train.images) < unlabelled
    official_train = {image.transpose(2, 0, 1).tobytes() for image in dataset.train.pixels}
    assert unlabelled == official_train - contents(data.ranking.images)


def test_a_trial_never_opens_the_dataset(prepared, tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("a trial opened the dataset")

    for module, name in [
        (assets_module, "open_dataset"),
        (study_module, "open_splits"),
        (tsynd_assets, "obtain_autoencoder"),
    ]:
        monkeypatch.setattr(module, name, refuse)
    assets = shutil.copytree(prepared.assets, tmp_path / "assets")  # read by no trial before
    trial = tsynd.build(QUICK, prepared.settings, assets)
    assert trial.advance(Rung(1, "m", LEVEL)).epoch == 1


@pytest.mark.shared_data
def test_a_trial_runs_when_the_datasets_file_is_gone(shared_data, tmp_path):
    root = tmp_path / "data"
    root.mkdir()
    shutil.copy(shared_data / "medmnist" / "breastmnist.npz", root)
    settings = tsynd.parse_settings(
        {
            "dataset": "breastmnist", "data_root": root, "cache": tmp_path / "cache",
            "ranking_images": 20, "eps": "0,4/255", "autoencoder_steps": 1,
            "device": "cpu", "precision": "fp32",
        }
    )  # fmt: skip
    tsynd.prepare(settings, tmp_path / "assets", lambda _: None)
    shutil.rmtree(root)
    trial = tsynd.build({"latent_iterations": 1}, settings, tmp_path / "assets")
    assert trial.advance(Rung(1, "m")).epoch == 1
    trial.save(tmp_path / "model")
