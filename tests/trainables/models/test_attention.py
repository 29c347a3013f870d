"""EigenGradCAM against its definition, and on classifiers whose evidence is known."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from trainables.models.attention import COARSEST, eigen_grad_cam
from trainables.models.bodies.body import Body
from trainables.models.classifiers import BODIES, Classifier, build_classifier
from trainables.runtime.seeding import generator, seeded

CPU = torch.device("cpu")
BUILT_IN = [
    name for name, body in BODIES.items() if 2 in body.dimensions and not name.startswith("monai-")
]


def weigh(convolution: type[nn.Module], dimensions: int) -> Classifier:
    """Logit 0 is the mean of (2x - 1), logit 1 its negative; the body is one 1x1 convolution."""
    layer = convolution(1, 2, 1, bias=False)
    layer.weight.data = torch.tensor([1.0, -2.0]).reshape(2, 1, *[1] * dimensions)
    classifier = Classifier(Body(nn.Sequential(layer), 2), 2, dropout=0.0)
    classifier.head.weight.data = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    return classifier


@pytest.fixture
def plain():
    return weigh(nn.Conv2d, 2)


def test_of_one_map_it_is_the_map_above_its_mean(plain):
    """Activation times gradient is (2x - 1) / pixels: its one component is itself, centred."""
    images = torch.rand(3, 1, 8, 9, generator=generator(CPU, 0))
    centred = images - images.mean(dim=(2, 3), keepdim=True)
    for target, sign in ((0, 1), (1, -1)):
        above = (sign * centred).clamp(min=0)[:, 0]
        expected = above / above.amax(dim=(1, 2), keepdim=True)
        maps = eigen_grad_cam(plain, images, torch.full((3,), target))
        torch.testing.assert_close(maps, expected, rtol=1e-4, atol=1e-5)


def test_of_a_volume_it_is_the_same():
    volumes = torch.rand(3, 1, 8, 9, 7, generator=generator(CPU, 0))
    above = (volumes - volumes.mean(dim=(2, 3, 4), keepdim=True)).clamp(min=0)[:, 0]
    maps = eigen_grad_cam(weigh(nn.Conv3d, 3), volumes, torch.zeros(3, dtype=torch.int64))
    expected = above / above.amax(dim=(1, 2, 3), keepdim=True)
    torch.testing.assert_close(maps, expected, rtol=1e-4, atol=1e-5)


def test_of_an_even_image_nothing_speaks(plain):
    maps = eigen_grad_cam(plain, torch.full((1, 1, 8, 8), 0.7), torch.tensor([0]))
    assert float(maps.abs().max()) < 1e-3


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("size", [28, 64])
def test_it_is_the_first_component_of_the_deepest_layer_that_is_fine_enough(name, size):
    """Against NumPy's covariance and its eigenvectors, and gradients by another way."""
    with seeded(CPU, 0, name):
        classifier = build_classifier(name, 1, (size, size), 3).eval()
    images = torch.rand(2, 1, size, size, generator=generator(CPU, 1))
    targets = torch.tensor([2, 0])
    layers = list(classifier.body.layers)
    sides, maps = [], images * 2 - 1
    with torch.no_grad():
        for layer in layers:
            maps = layer(maps)
            sides.append(maps.shape[-1])
    depth = max(number for number, side in enumerate(sides) if side >= COARSEST) + 1
    with torch.no_grad():
        maps = nn.Sequential(*layers[:depth])(images * 2 - 1)
    maps = maps.clone().requires_grad_()
    rest = nn.Sequential(*layers[depth:])
    logits = classifier.head(rest(maps.clone()).mean(dim=(2, 3)))
    logits[range(2), targets].sum().backward()
    attention = eigen_grad_cam(classifier, images, targets)
    for image in range(2):
        speaking = (maps * maps.grad)[image].flatten(1).T.detach().double().numpy()
        centred = speaking - speaking.mean(axis=0)
        _, vectors = np.linalg.eigh(centred.T @ centred)
        first = centred @ vectors[:, -1]
        first *= np.sign(first @ (speaking.sum(axis=1) - speaking.sum(axis=1).mean()))
        evidence = torch.tensor(np.maximum(first, 0) / np.maximum(first, 0).max())
        side = (1, 1, *maps.shape[2:])
        larger = functional.interpolate(
            evidence.reshape(side).float(), (size, size), mode="bilinear", align_corners=False
        )
        torch.testing.assert_close(attention[image], larger[0, 0], rtol=1e-3, atol=1e-3)


def test_the_classifier_is_left_as_it_was(plain):
    plain.train()
    eigen_grad_cam(plain, torch.rand(1, 1, 8, 8), torch.tensor([1]))
    assert plain.training
    assert all(
        parameter.requires_grad and parameter.grad is None for parameter in plain.parameters()
    )
    assert not plain.body.layers[0]._forward_hooks
