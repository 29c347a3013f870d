"""Build any network that predicts CT from its line of text."""

from searchspace.unet import PlainUNet as Widths
from searchspace.unet import parse_network
from trainables.models.ct.plain_unet import PlainUNet
from trainables.models.unet import UNet

CTNetwork = UNet | PlainUNet


def build_network(text: str, kernels: str, norm: str) -> CTNetwork:
    """Build a network with untrained weights.

    Args:
        text: As `searchspace.unet.parse_network` reads it.
        kernels: Of the branches of a configurable U-Net, a key of `searchspace.unet.KERNELS`.
        norm: A key of `trainables.models.unet.NORMS`.

    Raises:
        UserError: If the text does not read.
    """
    network = parse_network(text)
    if isinstance(network, Widths):
        return PlainUNet(network, norm)
    return UNet(network, kernels, norm)
