"""What autograd keeps, counted on no data, beside counts by hand and beside real tensors."""

import pytest
import torch
from torch import nn

from trainables.models.classifiers import build_classifier
from trainables.models.counting import kept_for_backward


def test_two_layers_by_hand():
    """A convolution keeps its input, and a rectifier its output: 2 x (16 x 16 + 4 x 16 x 16)."""
    with torch.device("meta"):
        model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU())
        images = torch.empty((2, 1, 16, 16))
    assert kept_for_backward(model, model, images) == 2 * (256 + 1024)


def test_two_layers_of_a_volume_by_hand():
    with torch.device("meta"):
        model = nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), nn.ReLU())
        volumes = torch.empty((2, 1, 6, 5, 4))
    assert kept_for_backward(model, model, volumes) == 2 * (120 + 4 * 120)


def test_what_two_layers_keep_in_common_counts_once():
    """The rectifier's output is the second convolution's input."""
    with torch.device("meta"):
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1)
        )
        images = torch.empty((1, 1, 8, 8))
    assert kept_for_backward(model, model, images) == 64 + 256


def test_meta_counts_as_real_tensors_do_and_the_model_is_left_as_it_was():
    counts = []
    for device in ("meta", "cpu"):
        with torch.device(device):
            model = build_classifier("resnet18-16", 3, (28, 28), 2).train()
            counts.append(kept_for_backward(model, model, torch.ones((2, 3, 28, 28))))
        assert model.training
        assert all(parameter.requires_grad for parameter in model.parameters())
    assert counts[0] == pytest.approx(counts[1], rel=0.01)  # statistics of normalisation differ
