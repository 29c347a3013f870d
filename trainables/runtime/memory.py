"""How much memory a network needs, predicted before it is trained.

``python benchmarks/memory.py`` measures what processes take; with the constants here no measured
case took more than predicted (benchmarks/README.md has the table).
"""

from dataclasses import dataclass
from typing import Annotated, Final, final

from pydantic import BeforeValidator

from trainables.runtime.config import limit_or_none

GIB: Final = 2**30
BYTES: Final = 4  # of a number: attacks compute in fp32, so that bf16 saves nothing of the peak
FACTOR: Final = 1.2  # of the numbers that are counted: adds gradients in transit, scratch space
OVERHEAD: Final = 128 * 2**20  # bytes that libraries take for themselves on first use
AUTO: Final = "auto"  # in place of a limit: the run asks its device


@final
@dataclass(frozen=True)
class Need:
    """Numbers that a process holds while it trains or attacks a network.

    Attributes:
        fixed: Independent of the batch: weights, gradients, the optimiser's moments, copies.
        image: For each image of a batch, for the backward pass; at least 1.
    """

    fixed: int
    image: int

    def gib(self, images: int) -> float:
        """Predict the GiB that a batch of so many images takes."""
        return (OVERHEAD + FACTOR * BYTES * (self.fixed + images * self.image)) / GIB

    def images(self, gib: float, ceiling: int) -> int:
        """Return how many images fit into a limit in GiB, at least 1 and at most ``ceiling``."""
        numbers = (gib * GIB - OVERHEAD) / (FACTOR * BYTES) - self.fixed
        return max(1, min(ceiling, int(numbers // self.image)))

    def excess(self, gib: float, images: int) -> float:
        """Return by which share of a limit in GiB a batch exceeds it; at 0 and below it fits."""
        return self.gib(images) / gib - 1


def known_limit(setting: float | str | None) -> float | None:
    """Return the GiB that a setting allows; None if there is no limit or it is not known yet."""
    return None if isinstance(setting, str) else setting


def _parse(value: object) -> object:
    refusal = f"max-memory is '{value}': give GiB such as 4, auto, or none"
    return AUTO if value == AUTO else limit_or_none(value, refusal)


MaxMemory = Annotated[float | str | None, BeforeValidator(_parse)]
"""A limit in GiB; ``auto`` until the run knows its device; None, written ``none``, for no limit."""
