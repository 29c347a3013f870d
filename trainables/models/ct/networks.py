"""Build any network that predicts CT from its line of text."""

from searchspace.unet import Cost, NamedNetwork, cost_of, parse_network
from searchspace.unet import PlainUNet as Widths
from trainables.models.ct.mirrored import Mirrored
from trainables.models.ct.named import Named, build_named, cost_of_named
from trainables.models.ct.plain_unet import PlainUNet
from trainables.models.ct.slice_norm import SliceNorm
from trainables.models.unet import UNet

CTNetwork = UNet | PlainUNet | Named | SliceNorm | Mirrored


def build_network(
    text: str, kernels: str, norm: str, channels: int = 1, slice_norm: str = "none"
) -> CTNetwork:
    """Build a network with untrained weights.

    Args:
        text: As `searchspace.unet.parse_network` reads it.
        kernels: Of the branches of a configurable U-Net, a key of `searchspace.unet.KERNELS`.
        norm: A key of `trainables.models.unet.NORMS`.
        channels: Slices of the MR that it sees.
        slice_norm: A key of `trainables.models.ct.slice_norm.KINDS`, or ``none``.

    Raises:
        UserError: If the text does not read, or MONAI or the user's code is missing.
    """
    network = _build(text, kernels, norm, channels)
    return network if slice_norm == "none" else SliceNorm(network, slice_norm)


def network_cost(text: str, kernels: str, size: int, channels: int = 1) -> Cost:
    """Return what a network costs for an image: predicted, or measured where it has a name.

    Args:
        text: As `searchspace.unet.parse_network` reads it.
        kernels: Of the branches of a configurable U-Net.
        size: Of the image, in pixels.
        channels: Of the image.
    """
    network = parse_network(text)
    if isinstance(network, NamedNetwork):
        return cost_of_named(network, size, channels)
    return cost_of(network, kernels, size, channels)


def _build(text: str, kernels: str, norm: str, channels: int) -> UNet | PlainUNet | Named:
    network = parse_network(text)
    if isinstance(network, NamedNetwork):
        return build_named(network, channels)
    if isinstance(network, Widths):
        return PlainUNet(network, norm, channels)
    return UNet(network, kernels, norm, channels)
