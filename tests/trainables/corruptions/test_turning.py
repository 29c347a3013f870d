"""Turned images: by hand, and there and back."""

import torch

from trainables.corruptions.turning import turn, turn_mask


def test_a_quarter_turn_moves_what_lies_on_the_first_axis_to_the_second():
    images = torch.zeros(2, 1, 8, 8)
    images[:, :, 6:, 3:5] = 1
    expected = torch.rot90(images, 1, dims=(2, 3))
    torch.testing.assert_close(turn(images, 90, 0.0), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(turn(images, 0, 5.0), images, atol=1e-5, rtol=0)


def test_what_comes_in_from_outside_has_its_value_in_every_channel():
    images = torch.rand(2, 3, 8, 8)
    outside = torch.tensor([-4.0, -7.0]).reshape(2, 1, 1, 1)
    turned = turn(images, 45, outside)
    assert turned.shape == images.shape
    torch.testing.assert_close(turned[:, :, 0, 0], outside.reshape(2, 1).expand(2, 3))


def test_masks_stay_masks():
    mask = (torch.rand(1, 1, 16, 16) > 0.5).float()
    assert set(turn_mask(mask, 20).unique().tolist()) == {0.0, 1.0}
