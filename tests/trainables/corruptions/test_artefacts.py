"""Artefacts: nothing at strength 0, closed forms, more with severity, two and three dimensions."""

import math

import pytest
import torch

from searchspace.errors import UserError
from trainables.corruptions.artefacts import ARTEFACTS, distort

SHAPES = [(28, 28), (12, 14, 16)]


def images(shape=(28, 28), channels=1, count=3):
    """Make smooth pictures with an edge, away from the bounds."""
    grids = torch.meshgrid(*(torch.linspace(-1, 1, side) for side in shape), indexing="ij")
    distance = sum(grid.square() for grid in grids).sqrt()
    picture = 0.25 + 0.4 * (distance < 0.6) + 0.1 * grids[-1]
    return picture.expand(count, channels, *shape).contiguous()


def apply(name, pictures, strength, seed=0):
    return ARTEFACTS[name].apply(pictures, strength, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [name for name in ARTEFACTS if name != "dose"])
def test_at_strength_0_nothing_is_done(name, shape):
    pictures = images(shape)
    torch.testing.assert_close(apply(name, pictures, 0.0), pictures, atol=1e-5, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ARTEFACTS)
def test_images_change_more_with_severity_and_stay_in_bounds(name, shape, channels):
    pictures = images(shape, channels)
    changes = []
    for severity in range(1, 6):
        distorted = distort(pictures, name, severity, seed=4)
        assert distorted.shape == pictures.shape
        assert distorted.min() >= 0
        assert distorted.max() <= 1
        changes.append(float((distorted - pictures).abs().mean()))
    assert changes == sorted(changes)
    assert changes[0] > 0
    assert torch.equal(distorted, distort(pictures, name, 5, seed=4))


@pytest.mark.parametrize("name", ["bias_field", "motion", "spikes", "rician_noise", "dose"])
def test_chance_differs_between_images_and_seeds(name):
    distorted = distort(images(), name, 5, seed=0)
    assert not torch.equal(distorted[0], distorted[1])
    assert not torch.equal(distorted, distort(images(), name, 5, seed=1))


def test_a_ghost_is_a_copy_half_a_field_away():
    pictures = torch.zeros(1, 1, 8, 8)
    pictures[..., 3, 1] = 1.0
    ghosted = apply("ghosting", pictures, 0.5)
    # even lines keep all and odd ones half: 3/4 of the image and 1/4 of its copy
    assert ghosted[0, 0, 3, 1] == pytest.approx(0.75, abs=1e-6)
    assert ghosted[0, 0, 3, 5] == pytest.approx(0.25, abs=1e-6)


def test_an_edge_rings_and_the_mean_stays():
    step = torch.full((1, 1, 32, 32), 0.3)  # above 0 the magnitude folds no undershoot up
    step[..., 8:24] = 0.8
    rung = apply("gibbs", step, 0.5)
    assert rung.max() > 0.83  # overshoots
    assert rung.min() < 0.27
    assert float(rung.mean()) == pytest.approx(float(step.mean()), abs=1e-5)


def test_a_bias_field_is_smooth_and_as_strong_as_it_says():
    field = apply("bias_field", torch.full((5, 1, 29, 29), 0.5), 0.4) / 0.5
    assert (field - 1).abs().flatten(1).amax(dim=1).tolist() == pytest.approx([0.4] * 5, abs=1e-4)
    assert (field[..., 1:] - field[..., :-1]).abs().max() < 0.4 * 2 * 2 / 28 + 1e-4


def test_rician_noise_has_its_moments():
    flat = torch.full((1, 1, 200, 200), 0.5)
    noisy = apply("rician_noise", flat, 0.1)
    assert noisy.square().mean() == pytest.approx(0.25 + 2 * 0.01, abs=2e-3)
    dark = apply("rician_noise", torch.zeros(1, 1, 200, 200), 0.1)
    assert dark.mean() == pytest.approx(0.1 * math.sqrt(math.pi / 2), abs=1e-3)  # Rayleigh


def test_fewer_photons_are_noisier_most_of_all_where_it_is_bright():
    deviation = {
        (grey, photons): float(apply("dose", torch.full((1, 1, 150, 150), grey), photons).std())
        for grey in (0.1, 0.9)
        for photons in (1000.0, 10000.0)
    }
    for (grey, photons), value in deviation.items():
        expected = math.exp(1.5 * grey) / math.sqrt(photons) / 3
        assert value == pytest.approx(expected, rel=0.1)


def test_motion_of_a_whole_pixel_moves_the_late_lines_alone():
    pictures = images(count=1)
    moved = apply("motion", pictures, 3.0)
    spectra = [torch.fft.fftshift(torch.fft.fft2(x[0, 0])) for x in (pictures, moved)]
    early = slice(0, 14)
    assert not torch.allclose(pictures, moved, atol=1e-2)
    assert float(moved.mean()) == pytest.approx(float(pictures.mean()), abs=0.02)
    assert spectra[0][:, early].abs().sum() > 0


def test_what_is_unknown_is_refused():
    with pytest.raises(UserError, match="bias_field"):
        distort(images(), "bias_fields", 1, 0)
    with pytest.raises(ValueError, match="severity is 6"):
        distort(images(), "gibbs", 6, 0)
