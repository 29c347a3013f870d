"""Every network by its line of text."""

import pytest
import torch

from searchspace.unet import cost_of, parse_network
from trainables.models.ct.networks import build_network, network_cost
from trainables.models.ct.plain_unet import PlainUNet
from trainables.models.unet import UNet


def test_the_line_chooses_the_kind():
    assert isinstance(build_network("plain 4 8", "square", "instance"), PlainUNet)
    network = build_network("1000x8 | 0100x8", "square", "instance")
    assert isinstance(network, UNet)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())


def test_a_skip_at_full_resolution_costs_what_was_predicted_and_carries_single_pixels():
    torch.manual_seed(0)
    board = (torch.arange(16)[:, None] + torch.arange(16)[None]).remainder(2).float()[None, None]
    for text, carries in (("1000x8 | 0100x8 | full", True), ("0001x8 | 0100x8 | full", True)):
        network = build_network(text, "square", "instance").eval()
        parameters = sum(parameter.numel() for parameter in network.parameters())
        assert parameters == cost_of(parse_network(text), "square", 16).parameters
        with torch.no_grad():
            difference = (network(board) - network(1 - board)).abs()[..., 4:12, 4:12]
        assert (float(difference.min()) > 1e-4) == carries


@pytest.mark.parametrize(
    "text", ["plain 4 8", "1000x8 0110x8s2 | 0100x8 0001x16 | full", "1000x8 | 0100x8"]
)
def test_a_network_of_more_slices_costs_as_predicted(text):
    network = build_network(text, "square", "instance", channels=3).eval()
    assert network(torch.zeros(2, 3, 16, 16)).shape == (2, 1, 16, 16)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    cost = network_cost(text, "square", 16, channels=3)
    assert cost.parameters == parameters
    assert cost.multiply_adds > network_cost(text, "square", 16).multiply_adds
