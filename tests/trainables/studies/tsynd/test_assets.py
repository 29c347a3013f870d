"""An autoencoder is a random object: a trial with another seed has another one."""

import json
import shutil

import numpy as np
import pytest
import torch

from searchspace.errors import UserError
from trainables.classification.assets import LEFT_OUT, open_splits, read_pool, read_splits
from trainables.runtime.device import threads
from trainables.studies.tsynd import assets as module
from trainables.studies.tsynd.assets import (
    AUTOENCODER,
    UNLABELLED,
    WEIGHTS,
    codes_of,
    make_autoencoder,
)
from trainables.studies.tsynd.study import TSynD

tsynd = TSynD()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Settings and assets whose autoencoder is hardly trained."""
    folder = tmp_path_factory.mktemp("seeds")
    values = {**tsynd.settings.SMALL, "autoencoder_steps": 2, "cache": folder / "cache"}
    settings = tsynd.parse_settings({"device": "cpu", "precision": "fp32", **values})
    (folder / "assets").mkdir()
    tsynd.prepare(settings, folder / "assets", lambda _: None)
    return settings, folder / "assets"


def test_each_seed_has_an_autoencoder_of_its_own_made_once(run, monkeypatch):
    settings, assets = run
    changed = settings.model_copy(update={"seed": settings.seed + 1000})
    calls, obtain = [], module.obtain_autoencoder

    def watch(images, recipe, *rest):
        calls.append((len(images), recipe.seed, recipe.steps))
        return obtain(images, recipe, *rest)

    monkeypatch.setattr(module, "obtain_autoencoder", watch)
    usual, foreign = (codes_of(assets, each, decodes=True) for each in (settings, changed))
    assert usual.autoencoder.digest != foreign.autoencoder.digest
    assert not torch.equal(usual.latents, foreign.latents)
    assert usual.latents.shape == foreign.latents.shape
    assert calls == [(1176, 1000, 2)]  # the run's own was read
    assert codes_of(assets, changed, decodes=True) is foreign
    files = {file.name for file in settings.cache.glob("*.safetensors")}
    assert len(files) == 2


def test_a_trial_that_decodes_nothing_trains_no_autoencoder(run, monkeypatch):
    settings, assets = run
    monkeypatch.setattr(module, "obtain_autoencoder", None)
    for seed in (0, 7):
        config = {"regime": "baseline"}
        tsynd.build(config, settings.model_copy(update={"seed": seed}), assets)


def test_assets_of_older_runs_lend_their_one_autoencoder(run, tmp_path):
    settings, assets = run
    shutil.copytree(assets, tmp_path / "assets")
    (tmp_path / "assets" / LEFT_OUT).unlink()
    changed = settings.model_copy(update={"seed": 5})
    codes = codes_of(tmp_path / "assets", changed, decodes=True)
    expected = module.read_autoencoder(assets / AUTOENCODER, torch.device("cpu"))
    assert codes.autoencoder.digest == expected.digest


def test_older_runs_have_the_images_in_a_file_of_their_own(run, tmp_path):
    settings, assets = run
    older = shutil.copytree(assets, tmp_path / "assets")
    np.savez(older / UNLABELLED, images=read_pool(assets).pixels)
    (older / LEFT_OUT).unlink()
    changed = settings.model_copy(update={"seed": settings.seed + 1000})
    expected, codes = (codes_of(path, changed, decodes=True) for path in (assets, older))
    assert codes.autoencoder.digest == expected.autoencoder.digest


def test_the_weights_are_recorded_and_compared_whenever_they_are_read(run, tmp_path):
    settings, assets = run
    recorded = json.loads((assets / WEIGHTS).read_text())["weights"]
    autoencoder = module.read_autoencoder(assets / AUTOENCODER, torch.device("cpu"))
    assert autoencoder.weights_digest == recorded
    altered = shutil.copytree(assets, tmp_path / "altered")
    next(autoencoder.model.parameters()).data.flatten()[0] += 1e-3
    autoencoder.write(altered / AUTOENCODER)
    with pytest.raises(UserError, match="safetensors: not the weights that the run was prepared"):
        codes_of(altered, settings, decodes=True)
    (altered / WEIGHTS).unlink()  # an older run, which recorded none
    assert codes_of(altered, settings, decodes=True).autoencoder.digest == autoencoder.digest


def test_a_damaged_autoencoder_is_refused_in_one_line(run, tmp_path):
    settings, assets = run
    damaged = shutil.copytree(assets, tmp_path / "damaged")
    content = bytearray((damaged / AUTOENCODER).read_bytes())
    content[-1] ^= 1
    (damaged / AUTOENCODER).write_bytes(content)
    with pytest.raises(UserError, match=r"its weights are not those .*\): restore the file, or"):
        codes_of(damaged, settings, decodes=True)


def test_codes_are_those_of_the_training_images(run):
    settings, assets = run
    codes = codes_of(assets, settings, decodes=True)
    images = read_splits(assets, "cpu", settings.seed).train.images.float() / 255
    with torch.no_grad():
        expected = codes.autoencoder.model(images)[2].latents
    torch.testing.assert_close(codes.latents, expected)


def test_codes_of_another_seed_are_those_of_the_images_that_it_trains_on(run):
    settings, assets = run
    changed = settings.model_copy(update={"seed": settings.seed + 3})
    trial = TSynD().build({"regime": "baseline"}, changed, assets)
    first = TSynD().build({"regime": "baseline"}, settings, assets)
    images = trial.data.train.images
    assert images.shape == first.data.train.images.shape
    assert not torch.equal(images, first.data.train.images)
    codes = codes_of(assets, changed, decodes=False)
    with torch.no_grad():
        expected = codes.autoencoder.model(images.float() / 255)[2].latents
    torch.testing.assert_close(codes.latents, expected)


def test_the_autoencoder_does_not_depend_on_the_cores_of_the_machine(run, tmp_path):
    settings, _ = run
    dataset, splits = open_splits(settings, lambda _: None)
    weights = []
    for count in (1, 3):
        folder = tmp_path / str(count)
        folder.mkdir()
        uncached = settings.model_copy(update={"cache": folder / "cache"})
        with threads(count):
            make_autoencoder(uncached, dataset, splits, folder, lambda _: None)
        weights.append((folder / AUTOENCODER).read_bytes())
    assert weights[0] == weights[1]


def test_the_weights_are_among_the_digests_of_the_run(run, tmp_path):
    settings, assets = run
    (tmp_path / "assets").mkdir()
    facts = tsynd.prepare(settings, tmp_path / "assets", lambda _: None)
    recorded = json.loads((assets / WEIGHTS).read_text())["weights"]
    assert facts.digests["autoencoder_weights"] == recorded
