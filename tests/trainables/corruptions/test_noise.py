import pytest
import torch

from trainables.attacks.threat import ThreatModel, pixels
from trainables.corruptions.noise import gaussian

UNBOUNDED = ThreatModel(norm="linf", eps=0.0, low=None, high=None, unit="standard deviations")


def test_it_has_the_deviation_asked_for_and_no_mean():
    images = torch.zeros(50, 1, 40, 40)
    noise = gaussian(images, 0.2, seed=1, threat=UNBOUNDED)
    assert noise.mean().abs() < 5 * 0.2 / images.numel() ** 0.5
    assert noise.std().item() == pytest.approx(0.2, rel=0.01)


def test_pixels_are_clipped_and_else_the_same():
    images = torch.rand(5, 1, 9, 9, generator=torch.Generator().manual_seed(0))
    noisy = gaussian(images, 0.5, seed=1, threat=pixels(0.0))
    assert torch.equal(noisy, gaussian(images, 0.5, seed=1, threat=UNBOUNDED).clamp(0, 1))


def test_seeds_decide_and_the_global_state_does_not():
    images, threat = torch.full((2, 1, 5, 5), 0.5), pixels(0.0)
    state = torch.random.get_rng_state()
    first = gaussian(images, 0.2, seed=1, threat=threat)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(first, gaussian(images, 0.2, seed=1, threat=threat))
    assert not torch.equal(first, gaussian(images, 0.2, seed=2, threat=threat))
    assert torch.equal(gaussian(images, 0.0, seed=1, threat=threat), images)


@pytest.mark.parametrize("sigma", [-0.1, float("nan")])
def test_a_senseless_deviation_is_refused(sigma):
    with pytest.raises(ValueError, match="sigma is"):
        gaussian(torch.zeros(1, 1, 2, 2), sigma, seed=0, threat=pixels(0.0))
