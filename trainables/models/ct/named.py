"""Networks that have a name: MONAI's, set up as its users do, and code of the user's own.

Code comes from the command line only: a name in the files of a run is never imported, unless the
present command named it as well, by `allow`.
"""

from collections.abc import Callable
from typing import Any, cast, final

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from searchspace.errors import UserError
from searchspace.unet import Cost, NamedNetwork
from trainables.models.bodies.monai_networks import load_monai
from trainables.runtime.plugins import Registry, absolute

SHAPE: dict[str, Any] = {"spatial_dims": 2, "out_channels": 1}
WIDTHS: dict[str, Any] = {"channels": (16, 32, 64, 128, 256), "strides": (2, 2, 2, 2)}
MONAI: dict[str, tuple[str, dict[str, Any]]] = {
    "monai unet": ("UNet", {**WIDTHS, "num_res_units": 2}),  # as in MONAI's tutorials
    "monai basicunet": ("BasicUNet", {}),
    "monai attentionunet": ("AttentionUnet", WIDTHS),
    "monai segresnet": ("SegResNet", {}),
}
"""Class of `monai.networks.nets` and its arguments, by text."""

OWN: Registry[Callable[[], nn.Module]] = Registry(
    what="network", group="networks", builtin={}, fits=callable, form="a class or function"
)
_allowed: dict[str, Callable[[], nn.Module]] = {}


class CodeError(UserError):
    """A record names code of the user's own, which the present command did not name."""


@final
class Named(nn.Module):
    """A network that predicts normalised CT (N, 1, H, W) from MR (N, C, H, W), under a name.

    Args:
        network: As its name says.
        inside: What predicts.

    Raises:
        ValueError: In `forward`, if what is inside returns no CT of that shape.
    """

    def __init__(self, network: NamedNetwork, inside: nn.Module) -> None:
        super().__init__()
        self.architecture, self.inside = network, inside

    def forward(self, images: Tensor) -> Tensor:
        """Predict."""
        ct: Tensor = self.inside(images)
        expected = images[:, :1].shape
        if not isinstance(ct, Tensor) or ct.shape != expected:
            shape = tuple(ct.shape) if isinstance(ct, Tensor) else type(ct).__name__
            raise ValueError(
                f"network {self.architecture} returns {shape} for MR {tuple(images.shape)}: one CT "
                f"{tuple(expected)} is expected"
            )
        return ct


def allow(name: str) -> str:
    """Import code of the user's own, which this process may build from now on; return its text.

    Args:
        name: ``module:Name`` or ``./file.py:Name``, a class or function that takes no arguments and
            returns a module.

    Raises:
        UserError: If it cannot be imported.
    """
    text = absolute(name)
    _allowed[text] = OWN.resolve(text)
    return text


def build_named(network: NamedNetwork, channels: int = 1) -> Named:
    """Build a network with untrained weights.

    Args:
        network: The network; the user's own is built without arguments.
        channels: Slices of the MR that it sees.

    Raises:
        UserError: If MONAI is missing; if code makes no network, or was not named by `allow`.
    """
    if not network.own:
        kind, arguments = MONAI[network.text]
        return Named(
            network, getattr(load_monai(), kind)(in_channels=channels, **SHAPE, **arguments)
        )
    if network.text not in _allowed:
        raise CodeError(
            f"network {network.text} is code, which no file of a run may name: name it on the "
            "command line with --network"
        )
    inside = _allowed[network.text]()
    if not isinstance(inside, nn.Module):
        raise UserError(f"{network.text} returns a {type(inside).__name__}: return a torch module")
    return Named(network, inside)


def cost_of_named(network: NamedNetwork, size: int, channels: int = 1) -> Cost:
    """Measure what a network costs for images (channels, size, size), without computing anything.

    Args:
        network: The network.
        size: In pixels.
        channels: Slices of the MR that it sees.

    Raises:
        UserError: If it cannot take such images.
    """
    outputs = 0

    def count(_module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal outputs
        outputs += output.numel() if isinstance(output, Tensor) else 0

    with torch.device("meta"):
        built = build_named(network, channels).eval()
        images = torch.empty(1, channels, size, size)
    for module in built.modules():
        if not list(module.children()):
            module.register_forward_hook(count)
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            built(images)
    except (RuntimeError, ValueError) as error:
        line = str(error).partition("\n")[0]
        raise UserError(f"network {network} cannot take {size} x {size} pixels: {line}") from None
    parameters = sum(cast("Tensor", parameter).numel() for parameter in built.parameters())
    return Cost(parameters, counter.get_total_flops() // 2, outputs)
