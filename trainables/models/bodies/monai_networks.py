"""Networks of MONAI for images and volumes; MONAI is loaded when one of them is built.

MONAI comes with the extra ``monai``. What it costs and what was left out is in docs/models.md.
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn

from searchspace.errors import UserError
from trainables.models.bodies.body import Body, Shape
from trainables.models.bodies.resnet import LARGE

EXPANSION = {"basic": 1, "bottleneck": 4}  # maps of a block's output by maps of its inside


def build_resnet(
    channels: int, shape: Shape, *, block: str, blocks: Sequence[int], width: int
) -> Body:
    """Build a ResNet without its last layer [resnet], with the stems of `build_resnet18`.

    With block ``basic`` and blocks 2, 2, 2, 2 it is the same function of the same parameters as our
    ResNet-18, in 2D and 3D; only the initial weights are drawn from another distribution.

    Args:
        channels: Image channels.
        shape: Height and width in pixels; of volumes depth, height and width in voxels.
        block: ``basic`` or ``bottleneck``.
        blocks: Blocks of the four stages.
        width: Maps of the first stage; the four stages have 1, 2, 4 and 8 times as many.
    """
    large = min(shape) > LARGE
    network = load_monai().ResNet(
        block,
        list(blocks),
        [width, 2 * width, 4 * width, 8 * width],
        spatial_dims=len(shape),
        n_input_channels=channels,
        conv1_t_size=7 if large else 3,
        conv1_t_stride=2 if large else 1,
        feed_forward=False,
        bias_downsample=False,  # the normalisation after it takes a bias off again
    )
    stem = nn.Sequential(network.conv1, network.bn1, network.act)
    if large:
        stem.append(network.maxpool)
    return Body(_stages(stem, network), 8 * width * EXPANSION[block])


def build_seresnet50(channels: int, shape: Shape) -> Body:
    """Build a ResNet-50 with squeeze and excitation, without its last layer [se].

    Its stem divides height and width by 4, so that at 28 pixels one position is left at the end.

    Args:
        channels: Image channels.
        shape: Height and width in pixels; of volumes depth, height and width in voxels.
    """
    network = load_monai().SEResNet50(spatial_dims=len(shape), in_channels=channels, num_classes=1)
    return Body(_stages(network.layer0, network), network.last_linear.in_features)


def _stages(stem: nn.Module, network: Any) -> nn.Sequential:  # noqa: ANN401 - MONAI is optional
    return nn.Sequential(stem, network.layer1, network.layer2, network.layer3, network.layer4)


def load_monai() -> Any:  # noqa: ANN401 - a module of MONAI, which is optional
    """Import MONAI's networks.

    Raises:
        UserError: If MONAI is not installed.
    """
    try:
        with _without_torchvision():
            return importlib.import_module("monai.networks.nets")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "monai":
            raise
        raise UserError(
            "this network needs MONAI: pip install 'robust-medical-search[monai]'"
        ) from None


@contextmanager
def _without_torchvision() -> Iterator[None]:
    """Let MONAI take torchvision as not installed.

    MONAI imports it where it is there, for nothing that is needed here, and its import fails beside
    a build of torch for CPUs alone.
    """
    if "torchvision" in sys.modules:
        yield
        return
    sys.modules["torchvision"] = None  # type: ignore[assignment] # Python's way to say so
    try:
        yield
    finally:
        del sys.modules["torchvision"]
