"""Each slice brought to a scale of its own, inside the network."""

import numpy as np
import pytest
import torch

from searchspace.unet import PlainUNet as Widths
from trainables.attacks.gradient import FGSM
from trainables.attacks.threat import mr_deviations
from trainables.losses.likelihood import squared_error
from trainables.models.ct.networks import build_network
from trainables.models.ct.plain_unet import PlainUNet
from trainables.models.ct.slice_norm import KINDS, LEAST_SCALE, SliceNorm
from trainables.synthesis.training.recipe import Recipe, SliceNormName


class Same(torch.nn.Module):
    """Predicts what it is fed with."""

    def forward(self, mr):
        return mr


@pytest.fixture
def mr():
    """Slices of air and of tissue of different brightness."""
    generator = torch.Generator().manual_seed(1)
    air = 0.02 * torch.randn(3, 1, 16, 16, generator=generator) - 0.7
    air[:, :, 4:12, 4:14] = 1 + torch.randn(3, 1, 8, 10, generator=generator).abs()
    return air


def by_hand(kind, values):
    """Compute centre and scale of one slice in numpy."""
    if kind == "whole":
        return values.mean(), values.std()
    tissue = values[values >= values.mean()]
    if kind == "tissue":
        return tissue.mean(), tissue.std()
    low, middle, high = np.percentile(tissue, (5, 50, 95), method="nearest")
    return middle, (high - low) / 3.29


@pytest.mark.parametrize("kind", KINDS)
def test_a_slice_is_fed_by_its_own_centre_and_scale(mr, kind):
    fed = SliceNorm(Same(), kind)(mr).numpy()
    for slice_fed, values in zip(fed, mr.double().numpy(), strict=True):
        centre, scale = by_hand(kind, values)
        np.testing.assert_allclose(slice_fed, (values - centre) / scale, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_brighter_slices_of_greater_contrast_have_the_same_prediction(mr, kind):
    torch.manual_seed(0)
    network = PlainUNet(Widths((4, 8))).eval()
    norm = SliceNorm(network, kind).eval()
    with torch.no_grad():
        torch.testing.assert_close(norm(2 * mr + 1), norm(mr), atol=1e-4, rtol=0)
        assert not torch.allclose(network(2 * mr + 1), network(mr), atol=1e-2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_goes_through_centre_and_scale(mr, kind):
    norm = SliceNorm(Same(), kind).double()
    weights = torch.linspace(-1, 1, 256, dtype=torch.float64).reshape(1, 1, 16, 16)
    variable = mr[:1].double().requires_grad_()
    (gradient,) = torch.autograd.grad((norm(variable) * weights).sum(), variable)
    way = torch.randn(mr[:1].shape, generator=torch.Generator().manual_seed(2)).double()
    with torch.no_grad():
        ahead, behind = (
            (norm(mr[:1].double() + step * way) * weights).sum() for step in (1e-7, -1e-7)
        )
    assert (gradient * way).sum().item() == pytest.approx((ahead - behind).item() / 2e-7, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_an_attack_keeps_its_radius_in_the_unit_of_the_volume(mr, kind):
    norm = SliceNorm(Same(), kind).eval()
    moved = FGSM(loss=squared_error)(norm, mr, torch.zeros_like(mr), mr_deviations(0.06), 0)
    assert (moved - mr).abs().max().item() == pytest.approx(0.06, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_slice_of_air_is_not_blown_up(kind, noise):
    air = noise * torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(3)) - 0.7
    variable = air.requires_grad_()
    fed = SliceNorm(Same(), kind)(variable)
    (gradient,) = torch.autograd.grad(fed.square().sum(), variable)
    assert gradient.isfinite().all()
    assert fed.abs().max() <= 5 * noise / LEAST_SCALE + 1e-5  # rounding of the mean


def test_slices_beside_it_share_its_scale():
    stack = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(4))
    fed = SliceNorm(Same(), "whole")(stack)
    torch.testing.assert_close(fed.mean(dim=(1, 2, 3)), torch.zeros(2), atol=1e-5, rtol=0)
    assert not torch.allclose(fed.mean(dim=(2, 3)), torch.zeros(2, 3), atol=1e-2)


def test_a_network_is_built_with_each_kind_that_a_recipe_names_or_without():
    assert ["none", *KINDS] == list(SliceNormName.__args__)
    assert Recipe().slice_norm == "none"
    assert isinstance(build_network("plain 4 8", "square", "instance"), PlainUNet)
    for kind in KINDS:
        network = build_network("plain 4 8", "square", "instance", slice_norm=kind)
        assert isinstance(network, SliceNorm)
