"""Networks against what their description predicts."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from searchspace.random import sample
from searchspace.studies.robmednas import space, to_architecture
from searchspace.unet import KERNELS, Architecture, Block, cost, parse
from trainables.models.unet import SqueezeExcitation, UNet, instance_norm

SMALL = space(16, 5)


def architectures(count, seed=0):
    rng = np.random.default_rng(seed)
    return [to_architecture(sample(SMALL, rng)) for _ in range(count)]


def one_of_each_depth():
    networks = {network.depth: network for network in architectures(60)}
    assert sorted(networks) == [1, 2, 3, 4, 5]
    return [networks[depth] for depth in sorted(networks)]


@pytest.mark.parametrize("kernels", sorted(KERNELS))
@pytest.mark.parametrize("architecture", architectures(20), ids=str)
def test_every_drawn_architecture_is_what_its_description_predicts(architecture, kernels):
    step = 2**architecture.depth
    height, width = step, 2 * step
    network = UNet(architecture, kernels)
    predicted = cost(architecture, kernels, height, width)
    assert sum(p.numel() for p in network.parameters()) == predicted.parameters
    images = torch.randn(2, 1, height, width)
    with FlopCounterMode(display=False) as counter:
        output = network(images)
    assert output.shape == images.shape
    assert counter.get_total_flops() == 2 * len(images) * predicted.multiply_adds


@pytest.mark.parametrize("architecture", one_of_each_depth(), ids=lambda network: network.depth)
def test_activations_bound_what_training_keeps(architecture):
    network, sizes = UNet(architecture), {}
    images = torch.randn(3, 1, 32, 32)

    def keep(tensor):
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes() // 4
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = network(images)
    weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
    numbers = sum(size for key, size in sizes.items() if key not in weights)
    bound = 3 * cost(architecture, "square", 32, 32).activations
    assert 0.3 * bound < numbers <= bound + images.numel()
    assert output.requires_grad


@pytest.mark.parametrize("architecture", one_of_each_depth(), ids=lambda network: network.depth)
def test_every_parameter_gets_a_gradient_at_the_smallest_size(architecture):
    step = 2**architecture.depth
    network = UNet(architecture)
    network(torch.randn(2, 1, step, step)).square().sum().backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize("size", [(12, 16), (16, 20)])
def test_a_size_that_the_depth_does_not_divide_is_said(size):
    network = UNet(parse("1000x8 1000x8 1000x8 | 1000x8 1000x8 1000x8"))
    with pytest.raises(ValueError, match="multiples of 8"):
        network(torch.zeros(2, 1, *size))


def test_one_image_with_a_bottleneck_of_one_pixel_is_predicted_but_not_trained_on():
    network, image = UNet(parse("1000x8 1000x8 | 1000x8 1000x8")), torch.zeros(1, 1, 4, 4)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network(image)
    assert network(torch.zeros(1, 1, 4, 8)).shape == (1, 1, 4, 8)
    assert network.eval()(image).shape == image.shape


def test_skip_connections_carry_each_resolution_to_its_partner():
    """A change of what the first encoder block gives reaches the last decoder block alone."""
    network = UNet(parse("1000x8 1000x8 | 1000x8 1000x8")).eval()
    inputs_of_blocks = []
    for block in network.decoder:
        block.register_forward_hook(lambda _, inputs, __: inputs_of_blocks.append(inputs[0]))
    network(torch.randn(1, 1, 16, 16))
    assert [tuple(image.shape[1:]) for image in inputs_of_blocks] == [(8, 4, 4), (16, 8, 8)]


def test_a_switch_that_is_off_has_no_branch():
    network = UNet(Architecture((Block("0110", 8),), (Block("0001", 8),)))
    sizes = [
        [branch[0][0].kernel_size for branch in block.branches]
        for block in (network.encoder[0], network.decoder[0])
    ]
    assert sizes == [[(3, 3), (5, 5)], [(7, 7)]]


def test_squeeze_and_excitation_multiplies_channels_by_weights_between_0_and_1():
    excite = SqueezeExcitation(Block("1000", 8, 4))
    images = torch.rand(2, 8, 5, 5) + 0.1
    weights = (excite(images) / images).detach()
    assert torch.allclose(weights, weights[:, :, :1, :1].expand_as(weights), rtol=1e-5)
    assert bool(((weights > 0) & (weights < 1)).all())
    mean = images.mean(dim=(2, 3))
    reduce, _, expand, _ = excite.weigh
    by_hand = torch.sigmoid(expand(torch.relu(reduce(mean))))
    assert torch.allclose(weights[:, :, 0, 0], by_hand, rtol=1e-5)


def test_channels_last_changes_no_prediction():
    network = UNet(parse("1110x8s4 0011x16 | 0101x8 1000x8s2")).eval()
    images = torch.randn(4, 1, 16, 16)
    with torch.no_grad():
        plain = network(images)
        channels_last = network.to(memory_format=torch.channels_last)(images)
    assert torch.allclose(plain, channels_last, atol=1e-5)


def test_up_sampling_has_no_weights_and_down_sampling_is_a_strided_convolution():
    network = UNet(parse("1000x8 | 1000x8"))
    down = network.encoder[0].resize[0]
    assert (down.kernel_size, down.stride, down.padding) == ((4, 4), (2, 2), (1, 1))
    assert isinstance(network.decoder[0].resize, nn.Upsample)


def test_a_single_image_of_a_single_pixel_is_normalised_as_in_a_batch():
    """The deepest level of a small picture; torch's own layer refuses it."""
    norm = instance_norm(3)
    torch.nn.init.uniform_(norm.bias)
    pixels = torch.rand(2, 3, 1, 1)
    torch.testing.assert_close(norm(pixels[:1]), norm(pixels)[:1])
    # The layer divides by the square root of its eps of 1e-5, so rounding grows some 300 times.
    torch.testing.assert_close(norm(pixels[:1])[0, :, 0, 0], norm.bias, rtol=0, atol=1e-4)
    images = torch.rand(2, 3, 4, 5)
    expected = torch.nn.functional.instance_norm(images, weight=norm.weight, bias=norm.bias)
    torch.testing.assert_close(norm(images), expected)
