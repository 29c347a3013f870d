"""Images on another grid: sharp, within their range, and dark where they came from nowhere."""

import pytest
import torch
from torch.nn import functional

from trainables.corruptions.moving import move, move_mask


@pytest.fixture
def grid():
    """A grid that turns by half a radian and moves to the right, of 24 x 24 pixels."""
    cos, sin = torch.cos(torch.tensor(0.5)), torch.sin(torch.tensor(0.5))
    rows = torch.tensor([[cos, -sin, 0.3], [sin, cos, 0.0]]).expand(2, 2, 3)
    return functional.affine_grid(rows, [2, 1, 24, 24], align_corners=False)


def bars():
    """One image of stripes two pixels wide, one of a single value."""
    stripes = (torch.arange(24) // 2 % 2).float().expand(24, 24)
    return torch.stack([2 + stripes, torch.full((24, 24), 5.0)]).unsqueeze(1)


def test_values_stay_within_those_of_each_image_and_of_outside(grid):
    moved = move(bars(), grid, 2.0)
    assert (float(moved[0].min()), float(moved[0].max())) == (2.0, 3.0)
    assert (float(moved[1].min()), float(moved[1].max())) == (2.0, 5.0)


def test_each_image_has_its_own_outside(grid):
    outside = torch.tensor([-4.0, -7.0]).reshape(2, 1, 1, 1)
    moved = move(bars(), grid, outside)
    assert moved.amin(dim=(1, 2, 3)).tolist() == [-4.0, -7.0]


def test_waves_keep_more_of_their_height_than_by_linear_interpolation():
    """Moved by half a pixel, where linear interpolation averages two neighbours."""
    half = torch.tensor([[[1.0, 0.0, 1 / 24], [0.0, 1.0, 0.0]]])
    grid = functional.affine_grid(half, [1, 1, 24, 24], align_corners=False)
    wave = torch.sin(2 * torch.pi * torch.arange(24) / 5).expand(1, 1, 24, 24)
    linear = functional.grid_sample(wave, grid, mode="bilinear", align_corners=False)
    heights = [
        float(image[..., 4:20].std() / wave[..., 4:20].std())
        for image in (linear, move(wave, grid, 0.0))
    ]
    assert heights[0] < 0.85
    assert heights[1] > 0.9


def test_a_grid_that_moves_nothing_changes_nothing():
    grid = functional.affine_grid(torch.eye(2, 3).expand(2, 2, 3), [2, 1, 24, 24], False)
    torch.testing.assert_close(move(bars(), grid, 0.0), bars(), atol=1e-5, rtol=0)


def test_masks_stay_masks(grid):
    assert set(move_mask((bars() > 2.5).float(), grid).unique().tolist()) == {0.0, 1.0}
