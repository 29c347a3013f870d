"""Sheets of TSynD: what they show is what was computed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from trainables.classification.assets import LabelledImages, read_data
from trainables.models.autoencoder import VQVAE
from trainables.saved.checkpoint import ModelCard
from trainables.studies.tsynd.pictures import (
    Studio,
    draw_adversarial,
    draw_attention,
    draw_optimised,
)
from trainables.studies.tsynd.settings import TSynDConfig
from trainables.studies.tsynd.study import TSynD
from trainables.study.report import Level, Rung

tsynd = TSynD()

QUICK = {"latent_iterations": 4, "masks": 4}
LEVEL = Level("fgsm", None, 1, (0.0, 4 / 255), images=3)  # nothing that is shown depends on it


@pytest.fixture(scope="module")
def models(prepared, tmp_path_factory):
    """A baseline and a trial as a run saves them."""
    folder = tmp_path_factory.mktemp("models")
    for name, config in {"baseline": {"regime": "baseline"}, "winner": QUICK}.items():
        trial = prepared.trial(**config)
        trial.advance(Rung(1, "m", LEVEL))
        trial.save(folder / name)
    return {name: folder / name for name in ("baseline", "winner")}


@pytest.fixture(scope="module")
def sheets(models, prepared):
    pages = tsynd.illustrate(models, prepared.assets, prepared.settings)
    return {sheet.name: sheet for sheet in pages}


@pytest.fixture(scope="module")
def data(prepared):
    return read_data(prepared.assets, torch.device("cpu"))


def column(sheet, title, number=0):
    return [candidate for candidate in sheet.columns if candidate.title == title][number]


def numbers(note):
    return [float(word) for word in note.replace("→", " ").split() if word[0].isdigit()]


def test_every_sheet_is_whole(sheets):
    assert list(sheets) == ["optimised", "attention", "latent_adversarial"]
    for sheet in sheets.values():
        assert len(sheet.rows) == 6
        for picture in sheet.columns:
            assert picture.cells.shape == (6, 28, 28)
            assert np.isfinite(picture.cells).all()
            assert len(picture.notes) in {0, 6}


def test_images_are_optimised_to_be_uncertain_within_their_bound(sheets):
    sheet = sheets["optimised"]
    before, after = column(sheet, "noisy code").cells, column(sheet, "optimised").cells
    np.testing.assert_allclose(column(sheet, "change").cells, after - before, atol=1e-6)
    assert np.sqrt(((after - before) ** 2).mean(axis=(1, 2))).max() <= 0.15 + 1e-6
    pairs = [numbers(note) for note in column(sheet, "optimised").notes]
    assert all(new >= old for old, new in pairs)
    assert any(new > old for old, new in pairs)


def test_rows_are_even_over_the_classes_and_train_images_come_from_train(sheets, data):
    train = data.train.images[:, 0].float() / 255
    for cell in column(sheets["optimised"], "image").cells:
        assert (train == torch.tensor(cell)).all(dim=(1, 2)).any()
    val = data.val.images[:, 0].float() / 255
    for cell in column(sheets["attention"], "image").cells:
        assert (val == torch.tensor(cell)).all(dim=(1, 2)).any()
    rows = sheets["attention"].rows
    assert all(rows.count(name) == 6 // len(set(rows)) for name in set(rows))


def test_attention_is_shown_of_both_with_the_probability_of_the_class(sheets):
    assert [picture.title for picture in sheets["attention"].columns] == [
        "image",
        "baseline",
        "winner",
    ]
    for picture in sheets["attention"].columns[1:]:
        assert picture.scale == "heat"
        assert picture.cells.min() >= 0
        assert picture.cells.max() <= 1
        assert all(0 <= numbers(note)[0] <= 1 for note in picture.notes)


def test_the_true_class_becomes_less_likely_and_changes_share_a_scale(sheets):
    sheet = sheets["latent_adversarial"]
    start = column(sheet, "reconstruction").cells
    changes = [picture for picture in sheet.columns if picture.title == "change"]
    assert changes[0].high == changes[1].high
    for name, change in zip(("baseline", "winner"), changes, strict=True):
        example = column(sheet, name)
        np.testing.assert_allclose(change.cells, example.cells - start, atol=1e-6)
        assert all(new <= old for old, new in map(numbers, example.notes))
        rms = np.sqrt((change.cells**2).mean(axis=(1, 2)))
        np.testing.assert_allclose([numbers(note)[0] for note in change.notes], rms, atol=6e-4)


def test_the_same_run_gives_the_same_pictures(models, prepared, sheets):
    for sheet in tsynd.illustrate(models, prepared.assets, prepared.settings):
        for picture, again in zip(sheet.columns, sheets[sheet.name].columns, strict=True):
            np.testing.assert_array_equal(picture.cells, again.cells)


def test_without_a_baseline_the_winner_is_shown_alone(models, prepared):
    pages = tsynd.illustrate({"winner": models["winner"]}, prepared.assets, prepared.settings)
    assert [picture.title for picture in pages[1].columns] == ["image", "winner"]


def test_colour_and_several_labels(data):
    """Of several labels the first finding is the class; changes are means over colours."""
    images = torch.randint(0, 256, (4, 3, 28, 28), dtype=torch.uint8)
    labels = torch.tensor([[0, 0, 1], [0, 1, 1], [0, 0, 0], [1, 0, 0]])
    subset, classes = LabelledImages(images, labels), ("a", "b", "c")
    data = replace(
        data, task="multi-label", classes=classes, train=subset, val=subset, ranking=subset
    )
    autoencoder = VQVAE(3, 28).eval()
    card = ModelCard(
        classifier="cnn",
        channels=3,
        shape=(28, 28),
        task="multi-label",
        classes=classes,
        dropout=0.5,
    )
    winner = card.build().eval()
    studio = Studio(data, autoencoder, 1.0, seed=0)
    optimised = draw_optimised(studio, winner, TSynDConfig(**QUICK))
    assert sorted(optimised.rows) == ["a", "b", "c"]
    assert optimised.columns[0].cells.shape == (3, 28, 28, 3)
    assert column(optimised, "change").cells.shape == (3, 28, 28)
    assert len(draw_attention(studio, {"winner": winner}).rows) == 3
    lost = draw_adversarial(studio, {"winner": winner})
    assert all(new <= old for old, new in map(numbers, column(lost, "winner").notes))
