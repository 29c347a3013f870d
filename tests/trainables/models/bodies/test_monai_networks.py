"""MONAI's networks in our frame; without MONAI, what is said."""

import re
import sys
from importlib.util import find_spec

import pytest
import torch
from torch.nn import functional

from searchspace.errors import UserError
from trainables.models.bodies.resnet import build_resnet18
from trainables.models.classifiers import BODIES, build_classifier
from trainables.models.counting import kept_for_backward
from trainables.runtime.seeding import seeded

CPU = torch.device("cpu")
NAMES = [name for name in BODIES if name.startswith("monai-")]
needs_monai = pytest.mark.skipif(find_spec("monai") is None, reason="MONAI is an extra")


def test_without_monai_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "monai", None)
    with pytest.raises(UserError, match=r"needs MONAI: pip install '.*\[monai\]'$"):
        build_classifier("monai-resnet18", 1, (28, 28), 2)
    assert sys.modules.get("torchvision", "absent") is not None


def renamed(weights):
    """Give our ResNet-18's weights the names that MONAI's layers have."""
    names = {"residual.0.0.": "conv1.", "residual.0.1.": "bn1.", "residual.1.": "conv2."}
    names |= {"residual.2.": "bn2.", "shortcut.": "downsample."}
    for name, value in weights.items():
        match = re.fullmatch(r"layers\.(\d+)\.(.*)", name)
        layer, rest = int(match[1]), match[2]
        for part, twin in names.items():
            rest = rest.replace(part, twin)
        stage = f"{(layer + 1) // 2}.{(layer - 1) % 2}." if layer else "0."
        yield f"layers.{stage}{rest}", value


@needs_monai
@pytest.mark.parametrize("side", [28, 96])
def test_its_resnet18_is_the_same_function_as_ours(side):
    """Bit for bit, with our weights in it; so none of ours is needed for what MONAI's can do."""
    with seeded(CPU, 0):
        body = build_resnet18(3, (side, side), width=16)
        images = torch.randn(4, 3, side, side)
        body(images)  # running averages, too
    twin = build_classifier("monai-resnet18-16", 3, (side, side), 2).body
    twin.load_state_dict(dict(renamed(body.state_dict())))
    assert torch.equal(twin.eval()(images), body.eval()(images))


@needs_monai
@pytest.mark.parametrize(
    ("name", "dimensions", "millions"),
    [
        ("monai-resnet18-16", 2, 0.70),
        ("monai-resnet18", 3, 33.14),
        ("monai-resnet50", 2, 23.50),
        ("monai-seresnet50", 2, 26.03),
    ],
)
def test_parameters(name, dimensions, millions):
    with torch.device("meta"):
        body = build_classifier(name, 1, (28,) * dimensions, 2).body
    count = sum(parameter.numel() for parameter in body.parameters())
    assert count == pytest.approx(1e6 * millions, rel=1e-3)


@needs_monai
def test_a_volume_reaches_every_parameter():
    with seeded(CPU, 0):
        classifier = build_classifier("monai-resnet18-16", 1, (12, 12, 12), 2, dropout=0.0)
        volumes = torch.rand(4, 1, 12, 12, 12)
    functional.cross_entropy(classifier(volumes), torch.tensor([0, 1, 1, 0])).backward()
    assert all(bool(parameter.grad.any()) for parameter in classifier.parameters())


@needs_monai
@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_every_network_exists_for_images_and_volumes_and_is_counted(name, dimensions):
    """On the meta device, as the prediction of memory does it."""
    shape = (28,) * dimensions
    with torch.device("meta"):
        classifier = build_classifier(name, 1, shape, 5)
        images = torch.empty((2, 1, *shape))
    assert classifier(images).shape == (2, 5)
    maps = classifier.eval().body(images)
    assert maps.shape[1] == classifier.body.n_features
    assert kept_for_backward(classifier, classifier, images) > images.numel()


@needs_monai
def test_building_one_imports_no_torchvision():
    before = {name for name in sys.modules if name.startswith("torchvision")}
    build_classifier("monai-resnet18-16", 1, (28, 28), 2)
    assert {name for name in sys.modules if name.startswith("torchvision")} == before
