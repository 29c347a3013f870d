"""Disturbances of MR: nothing at 0, more with strength, and what each is by hand."""

import math

import pytest
import torch
from torch.nn import functional

from trainables.corruptions.mr import DISTURBANCES, _means, disturb


def slices(count=3, size=32):
    """Smooth tissue in air, whose edges lie on odd pixels, as z-scores."""
    torch.manual_seed(0)
    mr = torch.zeros(count, 1, size, size)
    tissue = functional.interpolate(torch.rand(count, 1, 5, 4), (20, 16), mode="bilinear")
    mr[:, :, 5:25, 7:23] = 1 + 0.3 * tissue
    mean = mr.mean(dim=(1, 2, 3), keepdim=True)
    return (mr - mean) / mr.std(dim=(1, 2, 3), keepdim=True, correction=0)


@pytest.mark.parametrize("kind", DISTURBANCES)
def test_nothing_happens_at_0_and_more_at_more(kind):
    mr = slices()
    torch.testing.assert_close(disturb(kind, mr, 0.0, 1), mr, atol=1e-5, rtol=0)
    changes = [
        float((disturb(kind, mr, strength, 1) - mr).abs().mean())
        for strength in (0.05, DISTURBANCES[kind][0][-1])
    ]
    assert changes[0] <= changes[1]
    assert changes[1] > 0
    assert disturb(kind, mr, 0.1, 1).shape == mr.shape


@pytest.mark.parametrize("kind", DISTURBANCES)
def test_a_seed_repeats_it(kind):
    strength = DISTURBANCES[kind][0][0]
    assert torch.equal(disturb(kind, slices(), strength, 4), disturb(kind, slices(), strength, 4))


def test_a_wider_field_is_the_normalisation_of_the_padded_image():
    mr = slices(1, 40)
    padded = functional.pad(mr, (6, 6, 6, 6), value=float(mr.min()))
    normal = (padded - padded.mean()) / padded.std(correction=0)
    torch.testing.assert_close(
        disturb("field of view", mr, 0.15, 0), normal[..., 6:-6, 6:-6], atol=1e-4, rtol=0
    )


def test_ghosts_are_copies_half_a_field_away():
    mr = slices()
    ghost = disturb("ghosting", mr, 0.2, 0) - mr
    expected = 0.2 * (mr.roll(16, dims=-1) - mr.amin(dim=(1, 2, 3), keepdim=True))
    torch.testing.assert_close(ghost, expected)


def test_contrast_is_a_power_between_darkest_and_brightest():
    mr = torch.tensor([[[[0.0, 0.25], [0.5, 1.0]]]])
    power = math.exp(0.3)
    expected = torch.tensor([[[[0.0, 0.25**power], [0.5**power, 1.0]]]])
    torch.testing.assert_close(disturb("contrast", mr, 0.3, 0), expected)


def test_rician_noise_lifts_air_and_leaves_it_above():
    mr = slices()
    noisy = disturb("Rician noise", mr, 0.1, 0)
    air = mr == mr.amin(dim=(1, 2, 3), keepdim=True)
    lifted = (noisy - mr)[air]
    assert float(lifted.min()) >= 0
    assert float(lifted.mean()) == pytest.approx(0.1 * math.sqrt(math.pi / 2), rel=0.05)


def test_a_void_is_air_and_its_size_is_its_radius():
    mr = torch.ones(2, 1, 64, 64)
    mr[:, :, 0, 0] = -1
    void = disturb("signal void", mr, 0.1, 0) == -1
    share = void[:, 0].float().mean(dim=(1, 2))
    torch.testing.assert_close(share, torch.full((2,), math.pi * 0.01), rtol=0.1, atol=0)


def test_a_coarse_pixel_is_the_mean_of_what_it_covers():
    row = torch.arange(8.0).expand(1, 1, 8, 8)
    means = _means(8, 5)
    assert torch.allclose(means.sum(1), torch.ones(5))
    expected = (0 * 1.0 + 1 * 0.6) / 1.6  # the first covers pixel 0 and 0.6 of pixel 1
    assert float((row @ means.T)[0, 0, 0, 0]) == pytest.approx(expected)
