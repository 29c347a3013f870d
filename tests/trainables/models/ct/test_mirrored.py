"""The mean over a slice and its mirror image."""

import pytest
import torch

from searchspace.unet import PlainUNet as Widths
from trainables.attacks.gradient import FGSM
from trainables.attacks.threat import mr_deviations
from trainables.losses.likelihood import squared_error
from trainables.models.ct.mirrored import AXES, Mirrored
from trainables.models.ct.plain_unet import PlainUNet


@pytest.fixture
def network():
    torch.manual_seed(0)
    return PlainUNet(Widths((4, 8))).eval()


@pytest.fixture
def mr():
    return torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("axis", AXES)
def test_a_mirrored_slice_has_the_mirrored_prediction_and_others_have_not(network, mr, axis):
    mirrored, along = Mirrored(network, axis).eval(), AXES[axis]
    across = 5 - along
    with torch.no_grad():
        predicted = mirrored(mr)
        torch.testing.assert_close(mirrored(mr.flip(along)), predicted.flip(along))
        assert not torch.allclose(mirrored(mr.flip(across)), predicted.flip(across), atol=1e-3)
        assert not torch.allclose(network(mr.flip(along)), network(mr).flip(along), atol=1e-3)
        assert not torch.allclose(predicted, predicted.flip(along), atol=1e-3), "not symmetric"


def test_training_sees_the_network_alone(network, mr):
    mirrored = Mirrored(network, "first")
    assert torch.equal(mirrored.train()(mr), network(mr))
    assert network.training
    with torch.no_grad():
        assert not torch.equal(mirrored.eval()(mr), network(mr))
    assert not network.training


def test_an_attack_meets_both_halves():
    """Of a network that predicts a product, by hand: the gradient of the mean, not of a half."""
    weights = torch.tensor([[1.0, -3.0]])

    class Product(torch.nn.Module):
        def forward(self, mr):
            return mr * weights

    mr, target = torch.ones(1, 1, 1, 2), torch.zeros(1, 1, 1, 2)
    mirrored = Mirrored(Product(), "second").eval()  # predicts -1 times the MR
    moved = FGSM(loss=squared_error)(mirrored, mr, target, mr_deviations(0.5), 0)
    assert moved.tolist() == [[[[1.5, 1.5]]]]
    torch.testing.assert_close(mirrored(moved), -moved)
