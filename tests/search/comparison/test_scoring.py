"""A classifier is scored on test images, and the scores are written whole or not at all."""

from pathlib import Path

import numpy as np
import pytest
import torch

from search.comparison.scoring import (
    Scoring,
    read_scores,
    require_folder,
    require_same_names,
    write_scores,
)
from search.execution.tasks import run_task
from search.tsynd.methods import tsynd
from searchspace.errors import UserError
from trainables.classification.assets import at_most, read_test
from trainables.classification.examination import TestScores
from trainables.classification.measurement import Measurement, measure_clean
from trainables.metrics.influence import Sample
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
    result = read_scores(file)
    scores = result.scores
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
    assert set(result.samples) == {"test_clean_bacc", "test_pgd_bacc_skill"}
    sample = result.samples["test_clean_bacc"]
    assert sample.labels.tolist() == data.labels.tolist()
    assert sample.moved.mean() == pytest.approx(0, abs=1e-4)
    assert sample.extremes.shape == (2, len(set(data.labels.tolist())))


def test_what_cannot_be_scored_writes_nothing(phantom, tmp_path):
    file = tmp_path / "scores.json"
    failure = run_task(scoring(phantom, file, model=Path("absent")))
    assert failure is not None
    assert not file.exists()


def test_scores_are_read_as_they_were_written(tmp_path):
    file, classes = tmp_path / "scores.json", np.array([0, 1, 1])
    sample = Sample(np.array([0.0, 1 / 3, np.nan]), classes, np.array([[-1, 2], [1 / 7, 0]]))
    without = Sample(np.zeros(3), classes, np.zeros((0, 2)))
    write_scores(file, TestScores({"skill": 0.25, "auc": 0.5}, {"skill": sample, "auc": without}))
    result = read_scores(file)
    assert result.scores == {"skill": 0.25, "auc": 0.5}
    assert result.samples["skill"].labels.tolist() == [0, 1, 1]
    assert result.samples["skill"].moved == pytest.approx(sample.moved, rel=1e-5, nan_ok=True)
    assert result.samples["skill"].extremes == pytest.approx(sample.extremes, rel=1e-5)
    assert result.samples["auc"].extremes.shape == (0, 2)
    write_scores(file, TestScores({"skill": 0.25}))
    assert read_scores(file) == TestScores({"skill": 0.25})


def test_what_an_earlier_version_scored_is_scored_again(tmp_path):
    file = tmp_path / "scores.json"
    assert read_scores(file) is None
    file.write_text('{"test_clean_bacc": 0.5}')
    assert read_scores(file) is None
    file.write_text('{"scores": {}, "influences": {"skill": [1, 2]}, "classes": [0, 1]}')
    assert read_scores(file) is None
    file.write_text('{"scores": {}, "samples": {}}')
    assert read_scores(file) is None


@pytest.mark.parametrize("labels", ["[0]", "null", '["a", "b"]', "[0, 1]"])
def test_a_damaged_file_is_refused_in_one_line(labels, tmp_path):
    file = tmp_path / "scores.json"
    sample = '{"moved": [1, 2], "extremes": [[1]], "labels": ' + labels + "}"
    file.write_text('{"scores": {}, "images": {"skill": ' + sample + "}}")
    with pytest.raises(UserError, match="is damaged"):
        read_scores(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"scores": {}, "images": {}}', "there is no score"),
        ('{"scores": {"acc": "0.5"}, "images": {}}', "acc is no number"),
        ('{"scores": {"acc": true}, "images": {}}', "acc is no number"),
        ('{"scores": {"acc": 1e999}, "images": {}}', "acc is no number"),
        ('{"scores": {"acc": 1}, "images": {"b": {"moved": [0], "extremes": [], "labels": [0]}}}',
         "there is no b"),
        ('{"scores": {"acc": 1', "Expecting"),
    ],
)  # fmt: skip
def test_scores_that_are_no_numbers_are_refused(text, words, tmp_path):
    """Left out in silence, a training would take its seed from the means and intervals."""
    file = tmp_path / "scores.json"
    file.write_text(text)
    with pytest.raises(UserError, match=f"scores.json is damaged: {words}.*: remove it, and give"):
        read_scores(file)


def test_a_score_that_is_not_defined_is_read(tmp_path):
    write_scores(tmp_path / "scores.json", TestScores({"auc": float("nan")}))
    assert read_scores(tmp_path / "scores.json").scores == {"auc": None}


def test_methods_of_a_cell_have_the_same_scores():
    files = {Path("a"): TestScores({"acc": 1.0, "auc": 1.0}), Path("b"): TestScores({"acc": 1.0})}
    with pytest.raises(UserError, match=r"^b lacks auc, which other methods have: remove it"):
        require_same_names(files)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        require_folder(path)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file is no folder: remove it, and give the same command"):
        require_folder(tmp_path / "file")
