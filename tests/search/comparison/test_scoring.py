"""A classifier is scored on test images, and the scores are written whole or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from search.comparison.scoring import Scoring
from search.execution.tasks import run_task
from search.tsynd.methods import tsynd
from trainables.classification.assets import at_most, read_test
from trainables.classification.measurement import Measurement, measure_clean
from trainables.saved.checkpoint import load_classifier


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    """A run's assets, its test images, and a classifier that one epoch has trained."""
    folder = tmp_path_factory.mktemp("measured")
    settings = tsynd.parse_settings(
        {"device": "cpu", "precision": "fp32", "fraction": 0.05, "eps": "0,8/255", "epochs": 1}
        | {"autoencoder_steps": 1, "cache": folder / "cache", "ladder": "1:pgd-1"}
    )
    tsynd.prepare(settings, folder / "assets", lambda _: None)
    tsynd.open_test(settings, folder / "assets", folder / "test", lambda _: None)
    trial = tsynd.build({"regime": "baseline"}, settings, folder / "assets")
    trial.train(1)
    trial.evaluate(settings.rungs[-1])
    (folder / "model").mkdir()
    trial.save(folder / "model")
    return folder, settings


def scoring(phantom, file, **changes):
    folder, settings = phantom
    values = {"module": "trainables.studies.tsynd.study:TSynD", "settings": settings, "images": 24}
    values |= {"model": folder / "model", "data": folder / "test", "file": file, "threads": 1}
    return Scoring(**values | changes)


def test_the_scores_are_those_of_the_first_images(phantom, tmp_path):
    file = tmp_path / "scores.json"
    assert run_task(scoring(phantom, file)) is None
    scores = json.loads(file.read_text())
    folder, settings = phantom
    classifier, card = load_classifier(folder / "model")
    data = at_most(read_test(folder / "test", torch.device("cpu")), 24)
    measurement = Measurement(card.task, settings.attack, settings.eps, settings.seed)
    clean = measure_clean(classifier, data, measurement, "test")
    assert scores["test_clean_acc"] == pytest.approx(clean["test_clean_acc"])
    assert {"test_noise_acc", "test_fgsm_acc_eps8", "test_pgd_bacc_skill"} <= scores.keys()
    assert scores["test_constant_bacc"] == pytest.approx(1 / 3)
    bounds = {"low.test_clean_auc", "high.test_clean_auc"}
    assert all(name.startswith("test_") for name in scores.keys() - bounds)
    assert np.isfinite(list(scores.values())).all()


def test_what_cannot_be_scored_writes_nothing(phantom, tmp_path):
    file = tmp_path / "scores.json"
    failure = run_task(scoring(phantom, file, model=Path("absent")))
    assert failure is not None
    assert not file.exists()
