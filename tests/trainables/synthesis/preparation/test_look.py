"""The picture of what networks see: a PNG that others read, and letters at the right sides."""

import io

import numpy as np
from matplotlib.image import imread

from trainables.synthesis.preparation.look import GAP, MARGIN, SIDE, _letter, draw_look, to_png
from trainables.synthesis.slices import Split, SubjectSlices


def test_a_picture_is_read_back_as_it_was():
    picture = np.random.default_rng(0).integers(0, 256, (7, 5), dtype=np.uint8)
    assert np.array_equal(np.round(255 * imread(io.BytesIO(to_png(picture)))), picture)


def test_right_is_on_the_left_and_front_is_up(tmp_path):
    """The only bright voxel lies at the patient's right and in front."""
    mr = np.zeros((1, 32, 32), dtype=np.float16)
    mr[0, 31, 31] = 1  # axes run towards right and anterior
    mask = np.ones(mr.shape, dtype=bool)
    ct = np.full(mr.shape, -1000, dtype=np.int16)
    draw_look(tmp_path / "seen.png", Split((SubjectSlices("s", mr, ct, mask),)))
    page = imread(tmp_path / "seen.png")
    width = SIDE + 2 * MARGIN + GAP
    assert page.shape == (width, 3 * width)
    panel = page[MARGIN : MARGIN + SIDE, MARGIN : MARGIN + SIDE]
    assert panel[:4, :4].min() == 1
    assert panel[4:].max() == panel[:, 4:].max() == 0
    letters = {"R": page[:, :MARGIN], "A": page[:MARGIN, :width]}
    assert all(part.any() for part in letters.values())


def test_letters_are_those_that_they_are_named():
    letters = {
        name: ["".join(" #"[int(bit > 0)] for bit in row) for row in _letter(name)]
        for name in "RLAP"
    }
    assert letters["L"] == ["#    "] * 6 + ["#####"]
    assert letters["P"][0] == letters["R"][0] == "#### "
    assert letters["P"][-1] == "#    "
    assert letters["R"][-1] == "#   #"
    assert letters["A"][3] == "#####"
