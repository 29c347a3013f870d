"""How many images of each class leave, and how many come."""

import heapq
import math
from collections.abc import Sequence

from searchspace.studies.gansplit import NONE
from trainables.studies.gansplit.settings import GANSplitConfig


def leaving(counts: Sequence[int], share: float) -> list[int]:
    """Count the authentic images of each class that are replaced.

    Below a share of 1 at least one of each class stays.

    Args:
        counts: Authentic images of each class.
        share: Of them, in (0, 1].
    """
    # A share of 0.29 of 100 is 28.999...: what rounding took is given back.
    return [count - math.ceil((1 - share) * count - 1e-9) for count in counts]


def proportional(counts: Sequence[int], total: int) -> list[int]:
    """Divide a number among classes in the ratio of their counts, by the largest remainders.

    Args:
        counts: Of each class; their sum is above 0.
        total: What is divided.
    """
    exact = [total * count / sum(counts) for count in counts]
    parts = [math.floor(part) for part in exact]
    order = sorted(range(len(counts)), key=lambda label: parts[label] - exact[label])
    for label in order[: total - sum(parts)]:
        parts[label] += 1
    return parts


def levelling(counts: Sequence[int], total: int) -> list[int]:
    """Divide a number among classes so that the rarest ones are filled up first.

    Args:
        counts: Of each class.
        total: What is divided.
    """
    heap = [(count, label) for label, count in enumerate(counts)]
    heapq.heapify(heap)
    parts = [0] * len(counts)
    for _ in range(total):
        count, label = heap[0]
        parts[label] += 1
        heapq.heapreplace(heap, (count + 1, label))
    return parts


def exchange(counts: Sequence[int], config: GANSplitConfig) -> tuple[list[int], list[int]]:
    """Count the authentic images of each class that leave, and the others that come.

    Args:
        counts: Authentic images of each class.
        config: Of the trial.
    """
    if config.source == NONE:
        return [0] * len(counts), [0] * len(counts)
    if config.mix == "replace":
        replaced = leaving(counts, config.share)
        return replaced, list(replaced)
    total = round(config.ratio * sum(counts))
    divide = levelling if config.balance == "even" else proportional
    return [0] * len(counts), divide(counts, total)
