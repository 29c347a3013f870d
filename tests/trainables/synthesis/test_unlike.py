"""An MR that is unlike those of training: what is refused, and what is said."""

import numpy as np
import pytest

from trainables.data.grid import standardise
from trainables.data.phantoms.heads import phantom_subjects
from trainables.saved.checkpoint import UNetCard
from trainables.synthesis.unlike import check_grid, share_of_blocks, unlike

CARD = UNetCard(architecture="plain 4 8", kernels="square", size=64, field_mm=256.0)


def notes_of(mr):
    return unlike(mr, standardise(mr, "whole"), (4.0, 4.0, 3.0), CARD)


def noise(kind, shape=(64, 64, 3)):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, *shape))
    values = 100 + 20 * first if kind == "Gaussian" else 50 * np.hypot(first, second)
    return values.astype(np.float32)


@pytest.mark.parametrize("kind", ["Gaussian", "Rician"])
@pytest.mark.parametrize("shape", [(64, 64, 1), (40, 50, 3), (200, 220, 4)])
def test_noise_is_named(kind, shape):
    assert "its MR looks like noise" in notes_of(noise(kind, shape))[0]


@pytest.mark.parametrize("size", [40, 64, 128])
def test_a_head_is_no_noise_also_with_a_few_bright_voxels(size):
    mr = phantom_subjects(1, size, 3, 256.0, 0)[0].load().mr.copy()
    share = share_of_blocks(mr)
    assert share > 0.5
    mr[::20, ::20] = 50 * mr.max()
    assert share_of_blocks(mr) > 0.5


def test_of_tiny_slices_nothing_is_said_and_a_single_bright_voxel_is_no_head():
    assert np.isnan(share_of_blocks(noise("Rician", (20, 20, 3))))
    mr = np.zeros((64, 64, 1), np.float32)
    mr[5, 5] = 1
    assert share_of_blocks(mr) == 0


@pytest.mark.parametrize(
    ("shape", "spacing", "message"),
    [
        ((64, 64, 1), (40.0, 40.0, 1.0), "has voxels of 40 mm, the network pixels of 4 mm"),
        ((64, 64, 1), (1.0, 80.0, 1.0), "has voxels of 80 mm"),
        ((64, 64, 1), (0.1, 0.1, 1.0), "covers 6.4 x 6.4 mm, the network a field of 256 mm"),
    ],
)
def test_a_grid_that_shows_nothing_of_a_head_is_refused(shape, spacing, message):
    with pytest.raises(ValueError, match=message):
        check_grid(shape, spacing, CARD)


@pytest.mark.parametrize(
    ("shape", "spacing", "words"),
    [
        ((64, 64, 9), (4.0, 4.0, 5.0), None),
        ((32, 32, 9), (10.0, 10.0, 5.0), "coarser than those of training"),
        ((64, 256, 9), (1.0, 1.0, 5.0), "most of that is filled"),
        ((256, 256, 9), (1.0, 1.0, 50.0), "its slices are 50 mm apart"),
    ],
)
def test_a_grid_that_shows_less_is_named(shape, spacing, words):
    notes = check_grid(shape, spacing, CARD)
    assert len(notes) == (words is not None)
    assert words is None or words in notes[0]
