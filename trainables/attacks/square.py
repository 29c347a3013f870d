"""Square attack: a random search that uses scores only, so masked gradients cannot fool it."""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from trainables.attacks.attack import Attack, Target, Worst
from trainables.losses.likelihood import Loss, margin
from trainables.runtime.seeding import generator

# Queries, of 10 000, after which the square's area, or the cube's volume, is halved; scaled for
# other budgets.
_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
_FIRST_SHARE = 0.8  # of the image's area, or volume


@final
@dataclass(frozen=True, kw_only=True)
class Square(Attack):
    """Add shrinking squares at random positions; keep those that raise the loss [square, alg. 2].

    All images try the same squares, as in the authors' code; each image starts with its own
    stripes. In three dimensions the squares are cubes. The stripes run along the first dimension,
    as in two.

    Attributes:
        queries: Squares for each image that is not misclassified yet, at least 1.
    """

    loss: Loss = margin
    queries: int = 1000

    def __post_init__(self) -> None:
        if self.queries < 1:
            raise ValueError(f"a square attack of {self.queries} queries does nothing")

    def _perturb(self, target: Target) -> Tensor:
        channels, _, *sizes = target.images.shape[1:]
        rng = generator(target.images.device, target.seed, "square")
        worst = Worst(target)
        images, loss, broken = worst.images, worst.loss, worst.broken
        stripes = torch.where(target.draw((channels, 1, *sizes), "stripes") < 0.5, -1.0, 1.0)
        candidate = target.project(images + target.threat.eps * stripes)
        for query in range(self.queries + 1):
            rows = torch.nonzero(~broken).squeeze(1)
            if len(rows) == 0:
                break
            value, hit = target.query(candidate[rows], rows)
            # The stripes are the start of the search: it goes on from them even if they do no harm.
            accept = hit | (value > loss[rows]) if query > 0 else torch.ones_like(hit)
            updates = rows[accept]
            images = images.index_copy(0, updates, candidate[updates])
            loss = loss.index_copy(0, updates, value[accept])
            broken = broken.index_copy(0, updates, hit[accept])
            side = side_of(query / self.queries, tuple(images.shape[2:]))
            candidate = _with_square(target, images, side, rng)
        worst.update(images, loss, broken)  # the clean image stays where the search did no harm
        return worst.images


def side_of(progress: float, sizes: tuple[int, ...]) -> int:
    """Return the side of the square, in pixels, after a share of the queries.

    Args:
        progress: Share of the queries that have been made, in [0, 1].
        sizes: Of the image, in pixels, in each dimension.
    """
    halvings = sum(progress * 10_000 > mark for mark in _HALVINGS)
    side = round(math.pow(_FIRST_SHARE / 2**halvings * math.prod(sizes), 1 / len(sizes)))
    return min(max(side, 1), *sizes)


def _with_square(target: Target, images: Tensor, side: int, rng: torch.Generator) -> Tensor:
    channels, *sizes = images.shape[1:]
    starts = [_integer(size - side + 1, rng) for size in sizes]
    window = (slice(None), slice(None), *(slice(start, start + side) for start in starts))
    signs = _signs((channels, *[1] * len(sizes)), rng)
    candidate = images.clone()
    candidate[window] = target.images[window] + target.threat.eps * signs
    return target.project(candidate)


def _signs(shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    return torch.randint(2, shape, generator=rng, device=rng.device) * 2.0 - 1.0


def _integer(stop: int, rng: torch.Generator) -> int:
    return int(torch.randint(stop, (1,), generator=rng, device=rng.device))
