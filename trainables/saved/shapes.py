"""Whether a file can have the weights of a network, asked before the network takes any memory."""

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import nn

SLACK = 2**20  # numbers: fewer may be missing, which loading them says better


def check_size(build: Callable[[], nn.Module], shapes: Iterable[Sequence[int]]) -> None:
    """Refuse a description of a network that is larger than the weights beside it.

    The network is built without memory, on torch's meta device: a description may ask for millions
    of channels.

    Args:
        build: Builds the network.
        shapes: Of the weights in the file.

    Raises:
        ValueError: If the network has more weights.
    """
    with torch.device("meta"):
        size = sum(tensor.numel() for tensor in build().state_dict().values())
    present = sum(math.prod(shape) for shape in shapes)
    if size > present + SLACK:
        raise ValueError(f"the network has {size} weights, and the file {present}")
