"""Batches with a fixed share of positives, from two shuffled streams."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, final

import torch
from torch import Tensor

from trainables.runtime.seeding import generator


@final
class ShareSampler:
    """Draws batches with the same number of positives each, every image as often as its class lets.

    Each class is a stream of its images in a shuffled order, which is shuffled anew when it ends.
    So no image comes twice before all others of its class came once. The number of batches of an
    epoch is that of ordinary training, whatever the share: else the share would set the time.

    LibAUC's DualSampler reseeds NumPy's global generator, gives no batch where the images do not
    fill one, and fails where one class would have to repeat within a batch.

    Args:
        positive: bool (n,); both classes occur.
        batch_size: At least 2; may exceed n.
        share: Of positives, in (0, 1); at least one image of each class is in every batch.
        seed: Of the shuffling.
    """

    def __init__(self, positive: Tensor, batch_size: int, share: float, seed: int) -> None:
        sides = positive.cpu()
        self.steps = math.ceil(len(sides) / batch_size)
        n_positive = min(max(math.floor(share * batch_size + 0.5), 1), batch_size - 1)
        self.counts = (n_positive, batch_size - n_positive)
        self.streams = tuple(
            _Stream(torch.nonzero(side).squeeze(1), seed, name)
            for side, name in ((sides, "positives"), (~sides, "negatives"))
        )

    def epoch(self) -> Iterator[Tensor]:
        """Yield the indices of each batch of an epoch, positives first."""
        for _ in range(self.steps):
            pairs = zip(self.streams, self.counts, strict=True)
            yield torch.cat([stream.take(count) for stream, count in pairs])

    def state_dict(self) -> dict[str, Any]:
        """Return how far each stream came."""
        return {"counts": [stream.count for stream in self.streams]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state_dict`."""
        for stream, count in zip(self.streams, state["counts"], strict=True):
            stream.count = count


class _Stream:
    """The images of a class without end: its order follows from the seed and the round."""

    def __init__(self, rows: Tensor, seed: int, name: str) -> None:
        self.rows, self.seed, self.name = rows, seed, name
        self.count = 0  # of images so far

    def take(self, count: int) -> Tensor:
        parts = []
        while count > 0:
            number, start = divmod(self.count, len(self.rows))
            part = self._order(number)[start : start + count]
            parts.append(part)
            count -= len(part)
            self.count += len(part)
        return torch.cat(parts)

    def _order(self, number: int) -> Tensor:
        shuffle = generator(torch.device("cpu"), self.seed, self.name, number)
        return self.rows[torch.randperm(len(self.rows), generator=shuffle)]
