"""Sheets: synthetic above authentic images, nearest pairs, lines between two, and answers."""

import numpy as np
import pytest
import torch

from trainables.classification.assets import Data, LabelledImages
from trainables.models.classifiers import build_classifier
from trainables.runtime.seeding import generator
from trainables.studies.gansplit.pictures import (
    COLUMNS,
    PAIRS,
    draw_confusions,
    draw_interpolations,
    draw_nearest,
    draw_samples,
)
from trainables.studies.gansplit.settings import GANSplitConfig

CPU = torch.device("cpu")


@pytest.fixture
def data(train):
    val = torch.randint(0, 256, (20, 1, 12, 12), generator=generator(CPU, 5)).to(torch.uint8)
    split = LabelledImages(val, torch.arange(20) % 2)
    return Data("binary", ("benign", "malignant"), train, split, split)


def test_synthetic_images_stand_above_authentic_ones(synthesis, data, train):
    sheet = draw_samples("hinge", synthesis, data, GANSplitConfig(source="hinge"), seed=0)
    assert sheet.rows == (
        "benign, synthetic",
        "benign, authentic",
        "malignant, synthetic",
        "malignant, authentic",
    )
    assert len(sheet.columns) == COLUMNS
    first = sheet.columns[0].cells
    assert np.ptp(first[0]) == 0 == np.ptp(first[2])  # of one grey
    expected = train.images[train.labels == 1][0, 0].numpy() / 255
    assert np.allclose(first[3], expected)
    assert not sheet.columns[7].cells[3].any()  # there are six of the class


def test_the_nearest_pairs_come_first_with_their_distance(synthesis, data):
    sheet = draw_nearest("hinge", synthesis, data, seed=0)
    assert len(sheet.rows) == PAIRS
    first, second, difference = sheet.columns
    distances = [float(note) for note in first.notes]
    assert distances == sorted(distances)
    for number in range(PAIRS):
        change = first.cells[number] - second.cells[number]
        assert np.sqrt(np.square(change).mean()) == pytest.approx(distances[number], abs=1e-3)
        assert np.allclose(difference.cells[number], change, atol=1e-5)


def test_interpolations_lead_from_one_image_to_another(synthesis, data):
    sheet = draw_interpolations("hinge", synthesis, data, seed=0)
    assert sheet.rows == ("benign", "malignant")
    greys = np.array([column.cells[0].mean() for column in sheet.columns])
    steps = np.diff(greys)
    assert (steps >= 0).all() or (steps <= 0).all()
    assert steps.any()


def test_rows_of_answers_are_shares_of_the_class(data):
    classifier = build_classifier("cnn", 1, (12, 12), 2, 0.0)
    sheet = draw_confusions({"winner": classifier}, data, 2 / 255, seed=0)
    assert [column.title for column in sheet.columns] == ["clean", "attacked"]
    cells = sheet.columns[0].cells[0]
    assert np.allclose(cells[:, ::16].sum(axis=1), 1)
