"""A network that brings each slice to a scale of its own before it looks at it."""

from collections.abc import Callable, Mapping
from typing import final

from torch import Tensor, nn

LEAST_SCALE = 0.1  # standard deviations of the volume: what varies less is air, or noise
LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95
NORMAL_90 = 3.29  # deviations between the first and last of these, as of `trainables.data.grid`


@final
class SliceNorm(nn.Module):
    """A network, fed with (MR - centre) / scale of each slice instead of the MR.

    A volume's normalisation is a part of the data: attacks and their radii count its unit. This one
    is a part of the network: attacks see through it, and networks that differ in it are attacked at
    the same radii, so it can be searched.

    Args:
        network: Predicts CT (N, 1, H, W) from MR (N, C, H, W).
        kind: A key of `KINDS`: of all pixels, or of tissue (brighter than the slice's mean).
    """

    def __init__(self, network: nn.Module, kind: str) -> None:
        super().__init__()
        self.network, self._measure = network, KINDS[kind]

    def forward(self, mr: Tensor) -> Tensor:
        """Predict CT (N, 1, H, W) from MR (N, C, H, W), in standard deviations of the volume."""
        ct: Tensor = self.network(self.scaled(mr))
        return ct

    def scaled(self, mr: Tensor) -> Tensor:
        """Return what the network inside sees of an MR (N, C, H, W)."""
        centre, scale = self._measure(mr.flatten(1))
        shape = (-1, *[1] * (mr.ndim - 1))
        return (mr - centre.reshape(shape)) / scale.reshape(shape)


def _of_all(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of rows, (N, P)."""
    centre = values.mean(dim=1)
    return centre, _deviation((values - centre[:, None]).square().mean(dim=1))


def _of_tissue(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of what is brighter than the mean of rows, (N, P)."""
    tissue = _tissue(values).to(values.dtype)
    count = tissue.sum(dim=1)
    centre = (values * tissue).sum(dim=1) / count
    squares = ((values - centre[:, None]).square() * tissue).sum(dim=1)
    return centre, _deviation(squares / count)


def _of_percentiles(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the median of tissue, and a deviation from its 5th and 95th percentile, (N, P)."""
    count = _tissue(values).sum(dim=1)
    ordered = values.sort(dim=1).values  # tissue comes last
    first = values.shape[1] - count
    low, middle, high = (
        ordered.gather(1, (first + (share * (count - 1)).round().long())[:, None])[:, 0]
        for share in (LOW, MIDDLE, HIGH)
    )
    return middle, ((high - low) / NORMAL_90).clamp_min(LEAST_SCALE)


def _tissue(values: Tensor) -> Tensor:
    """Tell what is brighter than the mean of its row, or as bright: at least one value of each."""
    return values >= values.mean(dim=1, keepdim=True).minimum(values.amax(dim=1, keepdim=True))


def _deviation(variance: Tensor) -> Tensor:
    """Return a root whose gradient is finite where nothing varies."""
    return variance.clamp_min(LEAST_SCALE**2).sqrt()


Measure = Callable[[Tensor], tuple[Tensor, Tensor]]
KINDS: Mapping[str, Measure] = {
    "whole": _of_all,
    "tissue": _of_tissue,
    "percentiles": _of_percentiles,
}
