"""Build any network that predicts CT from its line of text."""

from searchspace.unet import Cost, NamedNetwork, cost_of, parse_network
from searchspace.unet import PlainUNet as Widths
from trainables.models.ct.named import Named, build_named, cost_of_named
from trainables.models.ct.plain_unet import PlainUNet
from trainables.models.unet import UNet

CTNetwork = UNet | PlainUNet | Named


def build_network(text: str, kernels: str, norm: str) -> CTNetwork:
    """Build a network with untrained weights.

    Args:
        text: As `searchspace.unet.parse_network` reads it.
        kernels: Of the branches of a configurable U-Net, a key of `searchspace.unet.KERNELS`.
        norm: A key of `trainables.models.unet.NORMS`.

    Raises:
        UserError: If the text does not read, or MONAI or the user's code is missing.
    """
    network = parse_network(text)
    if isinstance(network, NamedNetwork):
        return build_named(network)
    if isinstance(network, Widths):
        return PlainUNet(network, norm)
    return UNet(network, kernels, norm)


def network_cost(text: str, kernels: str, size: int) -> Cost:
    """Return what a network costs for images (1, size, size): predicted, or measured by its name.

    Args:
        text: As `searchspace.unet.parse_network` reads it.
        kernels: Of the branches of a configurable U-Net.
        size: In pixels.
    """
    network = parse_network(text)
    if isinstance(network, NamedNetwork):
        return cost_of_named(network, size)
    return cost_of(network, kernels, size)
