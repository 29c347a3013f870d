"""The small CNN, layer by layer."""

import pytest
import torch

from trainables.models.bodies.cnn import build_cnn, conv_norm_relu


@pytest.mark.parametrize(
    ("side", "widths", "last"),
    [(28, [16, 32, 64, 64], 7), (64, [16, 32, 64, 64, 64, 64], 8), (7, [16, 32, 64, 64], 2)],
)
def test_pairs_of_layers_halve_down_to_about_seven_pixels(side, widths, last):
    body = build_cnn(3, (side, side), width=16)
    convolutions = [layer[0] for layer in body.layers]
    assert [layer.out_channels for layer in convolutions] == widths
    assert [layer.stride for layer in convolutions] == [(2, 2), (1, 1)] * (len(widths) // 2)
    assert body(torch.zeros(2, 3, side, side)).shape == (2, widths[-1], last, last)


def test_parameters_at_28_pixels_by_hand():
    """Four 3x3 convolutions without bias, and two numbers a map of normalisation."""
    expected = 9 * (1 * 16 + 16 * 32 + 32 * 64 + 64 * 64) + 2 * (16 + 32 + 64 + 64)
    body = build_cnn(1, (28, 28), width=16)
    assert sum(parameter.numel() for parameter in body.parameters()) == expected


@pytest.mark.parametrize(("stride", "kernel"), [(1, 1), (1, 3), (2, 3), (2, 7), (1, 7)])
def test_a_layer_keeps_the_size_up_to_its_stride_and_is_never_negative(stride, kernel):
    maps = conv_norm_relu(2, 5, stride, kernel)(torch.randn(4, 2, 12, 8))
    assert maps.shape == (4, 5, 12 // stride, 8 // stride)
    assert float(maps.detach().min()) == 0
