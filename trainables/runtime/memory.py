"""How much memory a network needs, predicted before it is trained.

``python benchmarks/memory.py`` measures what processes take; with the constants here no measured
case took more than predicted (benchmarks/README.md has the table).
"""

import math
from dataclasses import dataclass
from typing import Annotated, Final, final

from pydantic import BeforeValidator

from searchspace.errors import UserError

GIB: Final = 2**30
BYTES: Final = 4  # of a number: attacks compute in fp32, so that bf16 saves nothing of the peak
FACTOR: Final = 1.2  # over the numbers that are counted: gradients on their way, scratch space
AROUND: Final = 128 * 2**20  # what libraries take for themselves on first use
AUTO: Final = "auto"  # in place of a limit: the run is to find what its device has


@final
@dataclass(frozen=True)
class Need:
    """Numbers that a process holds while it trains or attacks a network.

    Attributes:
        fixed: Whatever the batch: weights, their gradients, the optimiser's moments, copies.
        image: For each image of a batch, at least 1: what the backward pass needs.
    """

    fixed: int
    image: int

    def gib(self, images: int) -> float:
        """Predict the GiB for a batch."""
        return (AROUND + FACTOR * BYTES * (self.fixed + images * self.image)) / GIB

    def images(self, gib: float, most: int) -> int:
        """Return how many images fit into a limit, from 1 to ``most``."""
        numbers = (gib * GIB - AROUND) / (FACTOR * BYTES) - self.fixed
        return max(1, min(most, int(numbers // self.image)))

    def excess(self, gib: float, images: int) -> float:
        """Return by how much a batch exceeds a limit, as a share of it: 0 and below fits."""
        return self.gib(images) / gib - 1


def known_limit(setting: float | str | None) -> float | None:
    """Return the GiB that a setting allows; None where there is no limit, or none is known yet."""
    return None if isinstance(setting, str) else setting


def _parse(value: object) -> object:
    if value is None or value == "none":
        return None
    if value == AUTO:
        return AUTO
    try:
        gib = float(str(value))
    except ValueError:
        gib = math.nan
    if not 0 < gib < math.inf:
        raise UserError(f"max_memory is '{value}': give GiB such as 4, auto, or none")
    return gib


MaxMemory = Annotated[float | str | None, BeforeValidator(_parse)]
"""A limit in GiB; ``auto`` until the run knows its device; None, written ``none``, for no limit."""
