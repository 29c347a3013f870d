"""Predictions of a saved classifier, as a table, and what it cannot take."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from make_run import METRIC, Blueprint, make_run
from whole_cells import write_phantom

from search.record.run_folder import OPENINGS
from search.run import predict as module
from search.run.predict import find_classifier, predict_dataset, rightness
from search.storage.depot import SHARED
from search.storage.openings import Opening, count_opening
from searchspace.errors import UserError
from trainables.classification.assets import write_data
from trainables.data.dataset import Images
from trainables.data.datasets import open_dataset
from trainables.data.splits import make_splits
from trainables.models.classifiers import build_classifier
from trainables.saved.checkpoint import CARD, ModelCard, load_classifier, save_model


@pytest.fixture
def run(tmp_path):
    """A run whose winner is an untrained classifier of the phantom."""
    dataset = open_dataset("phantom", 28, None, print)
    torch.manual_seed(0)
    card = ModelCard(
        classifier="cnn", channels=dataset.channels, shape=dataset.shape, task=dataset.task,
        classes=dataset.classes, dropout=0.0,
    )  # fmt: skip
    network = build_classifier("cnn", dataset.channels, dataset.shape, dataset.n_classes, 0.0)
    save_model(tmp_path / "run" / "best", network, card)
    return tmp_path / "run"


def test_every_image_has_its_label_class_and_probabilities(run, tmp_path):
    lines = []
    predict_dataset(run, "phantom", "val", None, tmp_path / "out.csv", lines.append)
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    dataset = open_dataset("phantom", 28, None, print)
    assert [int(row["label"]) for row in rows] == dataset.val.labels.tolist()
    chances = np.array([[float(row[f"p {name}"]) for name in dataset.classes] for row in rows])
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-4)
    assert [int(row["predicted"]) for row in rows] == chances.argmax(axis=1).tolist()
    classifier, _ = load_classifier(run / "best")
    images = torch.from_numpy(dataset.val.pixels).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        expected = classifier(images).softmax(dim=1).numpy()
    np.testing.assert_allclose(chances, expected, rtol=1e-3, atol=1e-5)
    labels, answers = dataset.val.labels, chances.argmax(axis=1)
    assert lines[-1].startswith(f"{np.mean(answers == labels):.1%} right of {len(labels)} images")
    assert f"a constant answer at best: {np.bincount(labels).max() / len(labels):.1%};" in lines[-1]


def test_images_that_are_right_have_an_interval_and_stand_beside_a_constant_answer():
    labels = np.array([0] * 15 + [1] * 5)
    words = rightness(np.zeros_like(labels), labels)  # Clopper and Pearson's, from their tables
    assert words.startswith("75.0% right of 20 images, 95 % interval 50.9% to 91.3%; ")
    assert words.endswith("a constant answer at best: 75.0%")
    several = np.array([[0, 1], [0, 1], [1, 1]])
    words = rightness(np.array([[0, 1], [1, 1], [1, 1]]), several)  # with all its labels, or not
    assert words.startswith("66.7% right of 3 images")
    assert words.endswith("a constant answer at best: 66.7%")


@pytest.fixture
def recorded(run, tmp_path):
    """The same model as the best of a run on the phantom, and as one of its trials."""
    folder = make_run(tmp_path / "recorded", [Blueprint("t001", metrics={METRIC: 0.3})])
    for part in ("best", "trials/t001"):
        shutil.rmtree(folder / part, ignore_errors=True)
        shutil.copytree(run / "best", folder / part)
    return folder


def openings(folder):
    file = folder / OPENINGS
    return json.loads(file.read_text()) if file.exists() else []


def test_what_a_run_chose_opens_its_test_split_which_is_counted_and_said(recorded, tmp_path):
    for number in range(2):
        said = []
        predict_dataset(recorded, "phantom", "test", None, tmp_path / f"{number}.csv", said.append)
        assert any(line.startswith("test of recorded is opened, and counted") for line in said)
    (opening,) = openings(recorded)
    assert opening["winner"].startswith("model ")
    confirmation = Opening(identity="confirm", folder=recorded / "confirm", winner="t001")
    assert count_opening(recorded, confirmation, SHARED) == 2


def test_test_images_that_are_not_those_of_the_run_are_refused(recorded, tmp_path, monkeypatch):
    """As where a file was rearranged: what trained the model would stand among test."""
    dataset = open_dataset("phantom", 28, None, print)
    write_phantom(recorded / "assets")
    predict_dataset(recorded, "phantom", "test", None, tmp_path / "whole.csv", print)
    pixels, labels = dataset.test.pixels.copy(), dataset.test.labels.copy()
    pixels[3], labels[3] = dataset.train.pixels[0], dataset.train.labels[0]
    changed = replace(dataset, test=Images(pixels, labels))
    monkeypatch.setattr(module, "open_dataset", lambda *_, **__: changed)
    before = openings(recorded)
    with pytest.raises(UserError, match=r"the test images are not .*: 1 of 480 have other content"):
        predict_dataset(recorded, "phantom", "test", None, tmp_path / "out.csv", print)
    assert not (tmp_path / "out.csv").exists()
    assert openings(recorded) == before


def test_what_is_right_is_said_without_test_images_that_have_near_copies_too(recorded, tmp_path):
    dataset = open_dataset("phantom", 28, None, print)
    near = np.arange(0, len(dataset.test), 3)
    splits = make_splits(dataset, 0.2, "val", 30, 0)
    write_data(recorded / "assets", dataset, replace(splits, test_near=near))
    said = []
    predict_dataset(recorded, "phantom", "test", None, tmp_path / "out.csv", said.append)
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    label, answer = (np.array([int(row[key]) for row in rows]) for key in ("label", "predicted"))
    rest = ~np.isin(np.arange(len(label)), near)
    words = f"without the {len(near)} that have near copies in train or val: "
    assert said[-2] == words + rightness(answer[rest], label[rest])
    assert said[-1].startswith(rightness(answer, label))


def test_a_single_trial_is_not_predicted_on_test(recorded, tmp_path):
    trial, out = recorded / "trials" / "t001", tmp_path / "out.csv"
    with pytest.raises(UserError, match=r"is a single trial of .*recorded, and test is for what"):
        predict_dataset(trial, "phantom", "test", None, out, print)
    assert not out.exists()
    predict_dataset(trial, "phantom", "val", None, out, print)
    assert out.exists()
    assert not openings(recorded)


def test_other_images_and_models_outside_any_run_open_nothing(recorded, run, tmp_path):
    predict_dataset(recorded, "phantom", "val", None, tmp_path / "val.csv", print)
    predict_dataset(run, "phantom", "test", None, tmp_path / "outside.csv", print)
    values = json.loads((recorded / "manifest.json").read_text())
    values["settings"]["dataset"] = "breastmnist"
    (recorded / "manifest.json").write_text(json.dumps(values))
    predict_dataset(recorded, "phantom", "test", None, tmp_path / "other.csv", print)
    assert not openings(recorded)


def test_a_file_that_is_there_is_not_written_over(run, tmp_path):
    (tmp_path / "out.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="is there already"):
        predict_dataset(run, "phantom", "test", None, tmp_path / "out.csv", print)
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "mine"


def test_a_file_in_no_folder_is_refused_before_anything_is_predicted(run, tmp_path):
    with pytest.raises(UserError, match=r"there is no folder .*nowhere: make it"):
        predict_dataset(run, "phantom", "test", None, tmp_path / "nowhere" / "out.csv", pytest.fail)


def test_what_the_model_does_not_know_is_one_line(run, tmp_path):
    with pytest.raises(UserError, match="unknown dataset 'phantm'"):
        predict_dataset(run, "phantm", "test", None, tmp_path / "out.csv", print)
    file = run / "best" / CARD
    text = file.read_text(encoding="utf-8")
    card = ModelCard.model_validate_json(text)
    renamed = card.model_copy(update={"classes": tuple(f"x{name}" for name in card.classes)})
    file.write_text(renamed.model_dump_json(), encoding="utf-8")
    with pytest.raises(UserError, match="the model takes classes x"):
        predict_dataset(run, "phantom", "test", None, tmp_path / "out.csv", print)
    file.write_text('{"architecture": "1000x8 | 0100x8"}', encoding="utf-8")
    with pytest.raises(UserError, match="no classifier: for MR to CT there is synthesise"):
        find_classifier(run)
    with pytest.raises(UserError, match="no model in"):
        find_classifier(tmp_path)
    assert not (tmp_path / "out.csv").exists()
