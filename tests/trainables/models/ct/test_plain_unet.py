"""The plain U-Net is what its description predicts."""

import pytest
import torch

from searchspace.unet import PlainUNet as Widths
from searchspace.unet import cost_of
from trainables.models.counting import kept_for_backward
from trainables.models.ct.plain_unet import PlainUNet


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("widths", [(4, 4), (4, 8, 16), (16, 32, 64, 128)])
def test_parameters_and_activations_are_what_was_predicted(widths, norm):
    network, cost = PlainUNet(Widths(widths), norm), cost_of(Widths(widths), "square", 32)
    assert sum(parameter.numel() for parameter in network.parameters()) == cost.parameters
    images = torch.zeros(1, 1, 32, 32, device="meta")
    assert kept_for_backward(network.to("meta"), network, images) <= cost.activations
    assert network.to("meta")(images).shape == (1, 1, 32, 32)


def test_a_size_that_cannot_be_halved_is_said():
    with pytest.raises(ValueError, match="multiples of 4"):
        PlainUNet(Widths((4, 8, 8)))(torch.zeros(1, 1, 10, 8))


def test_the_skip_at_full_resolution_carries_single_pixels():
    """Of a checkerboard, which pooling removes, something is left in the prediction."""
    torch.manual_seed(0)
    network = PlainUNet(Widths((4, 4, 4))).eval()
    board = (torch.arange(16)[:, None] + torch.arange(16)[None]).remainder(2).float()
    with torch.no_grad():
        difference = network(board[None, None]) - network(1 - board[None, None])
    assert float(difference[..., 4:12, 4:12].abs().min()) > 1e-4
