"""A network that predicts each slice twice: as it is, and mirrored left to right."""

from typing import final

from torch import Tensor, nn

AXES = {"first": 2, "second": 3}
"""Names of the axes of a slice along which left and right may lie, and their places in a batch."""


@final
class Mirrored(nn.Module):
    """The mean of what a network predicts for a slice, and for its mirror image, mirrored back.

    Heads are nearly symmetric, so what a network gets wrong on one side it may get right on the
    other. What is predicted is mirrored with the slice, and not made symmetric: a lesion stays on
    its side. Training costs nothing more, as it sees the network alone, on slices that are mirrored
    by chance; a prediction takes twice the time, and an attack, which meets both halves, too.

    Args:
        network: Predicts CT (N, 1, H, W) from MR (N, C, H, W).
        axis: A key of `AXES`.
    """

    def __init__(self, network: nn.Module, axis: str) -> None:
        super().__init__()
        self.network, self.axis = network, axis

    def forward(self, mr: Tensor) -> Tensor:
        """Predict CT from MR; in train mode as the network alone."""
        predicted: Tensor = self.network(mr)
        if self.training:
            return predicted
        axis = AXES[self.axis]
        mirrored: Tensor = self.network(mr.flip(axis))
        return (predicted + mirrored.flip(axis)) / 2
