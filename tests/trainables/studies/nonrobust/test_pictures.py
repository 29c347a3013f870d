"""Sheets: rows of val, twins of the same images, and whose answers they show."""

import numpy as np
import torch

from trainables.studies.nonrobust.pictures import draw_twins, spread


def test_a_sheet_shows_twins_of_its_own_images(make_maker, tmp_path):
    maker = make_maker()
    sheet = draw_twins(maker, "random", {})
    image, twin, difference = (column.cells for column in sheet.columns)
    np.testing.assert_allclose(twin - image, difference, atol=1e-6)
    rows = spread(maker.data.val.labels, 6)
    np.testing.assert_array_equal(
        image, maker.data.val.images[rows, 0].float().numpy() / np.float32(255)
    )
    targets = maker.make("random", "val").labels[rows]
    names = [f"{maker.data.classes[maker.data.val.labels[row]]} → " for row in rows]
    expected = [
        name + maker.data.classes[target] for name, target in zip(names, targets, strict=True)
    ]
    assert list(sheet.rows) == expected
    assert all("source: " in note and "student" not in note for note in sheet.columns[1].notes)
    sheet.write(tmp_path / "sheet.npz")


def test_rows_are_spread_over_the_classes():
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    assert labels[spread(labels, 4)].tolist() == [0, 0, 1, 1]
    assert len(spread(labels, 20)) == 8
