"""Norms of the discriminator, and how a class enters."""

import pytest
import torch
from torch import nn

from trainables.models.gan.discriminator import NORMS, Discriminator
from trainables.models.gan.self_attention import SelfAttention


@pytest.mark.parametrize("size", [28, 64])
@pytest.mark.parametrize("norm", NORMS)
def test_every_image_gets_a_score(size, norm):
    network = Discriminator(3, size, 2, width=8, norm=norm, attention=True)
    assert network(torch.rand(4, 3, size, size), torch.tensor([0, 1, 0, 1])).shape == (4,)
    assert sum(isinstance(layer, SelfAttention) for layer in network.modules()) == 1


def test_the_largest_singular_value_is_one_and_stays_in_eval():
    torch.manual_seed(0)
    network = Discriminator(1, 28, 2, width=8)
    for _ in range(60):  # the power iteration goes on with every forward pass in train mode
        network(torch.rand(2, 1, 28, 28), torch.tensor([0, 1]))
    network.eval()
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(layers) == 4
    for layer in layers:
        weight = layer.weight.detach()
        assert torch.linalg.matrix_norm(weight.flatten(1), 2) == pytest.approx(1, abs=1e-2)
        assert torch.equal(layer.weight, weight)


def test_only_batch_norm_lets_one_image_change_the_score_of_another():
    torch.manual_seed(0)
    images, labels = torch.rand(4, 1, 28, 28), torch.zeros(4, dtype=torch.int64)
    changed = images.clone()
    changed[1:] = 1 - changed[1:]
    for norm in NORMS:
        network = Discriminator(1, 28, 2, width=8, norm=norm)
        for _ in range(30):
            network(images, labels)
        if norm == "spectral":  # whose power iteration changes the weights
            network.eval()
        first, second = (network(batch, labels)[0] for batch in (images, changed))
        assert torch.allclose(first, second, atol=1e-4) == (norm != "batch"), norm


def test_the_class_is_a_product_with_the_features():
    network = Discriminator(1, 28, 2, width=8, norm="none")
    images = torch.rand(1, 1, 28, 28)
    scores = [network(images, torch.tensor([label])) for label in (0, 1)]
    features = network.layers(images * 2 - 1).sum(dim=(2, 3))
    weight = network.embedding.weight
    assert torch.allclose(scores[1] - scores[0], features @ (weight[1] - weight[0]), atol=1e-4)
