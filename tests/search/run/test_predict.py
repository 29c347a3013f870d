"""Predictions of a saved classifier, as a table, and what it cannot take."""

import csv

import numpy as np
import pytest
import torch

from search.run.predict import find_classifier, predict_dataset
from searchspace.errors import UserError
from trainables.data.datasets import open_dataset
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
    assert "right" in lines[-1]


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
