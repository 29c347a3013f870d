"""Square attack: random search over scores alone, which no masked gradient can fool."""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from trainables.attacks.attack import Attack, Target, Worst
from trainables.losses.likelihood import Loss, margin
from trainables.runtime.seeding import generator

# The square's area, or the cube's volume, is halved after each of these queries of 10 000; other
# budgets are scaled.
_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
_FIRST_SHARE = 0.8  # of the image's area, or volume


@final
@dataclass(frozen=True, kw_only=True)
class Square(Attack):
    """Try shrinking squares at random places, keep what raises the loss [square, algorithm 2].

    All images of a batch try the same squares, and all batches too, as in the authors' code; each
    image begins with stripes of its own. In three dimensions the squares are cubes, and the
    stripes, as in two, run along the first.

    Attributes:
        queries: Squares tried on each image that is not misclassified yet, at least 1.
    """

    loss: Loss = margin
    queries: int = 1000

    def __post_init__(self) -> None:
        if self.queries < 1:
            raise ValueError(f"a square attack of {self.queries} queries does nothing")

    def _perturb(self, target: Target) -> Tensor:
        channels, _, *others = target.images.shape[1:]
        dice = generator(target.images.device, target.seed, "square")
        worst = Worst(target)
        images, loss, broken = worst.images, worst.loss, worst.broken
        stripes = torch.where(target.draw((channels, 1, *others), "stripes") < 0.5, -1.0, 1.0)
        candidate = target.project(images + target.threat.eps * stripes)
        for query in range(self.queries + 1):
            rows = torch.nonzero(~broken).squeeze(1)
            if len(rows) == 0:
                break
            found, hit = target.query(candidate[rows], rows)
            # The stripes are a start and not a proposal: the search goes on from them anyway.
            accept = hit | (found > loss[rows]) if query > 0 else torch.ones_like(hit)
            taken = rows[accept]
            images = images.index_copy(0, taken, candidate[taken])
            loss = loss.index_copy(0, taken, found[accept])
            broken = broken.index_copy(0, taken, hit[accept])
            side = side_of(query / self.queries, tuple(images.shape[2:]))
            candidate = _with_square(target, images, side, dice)
        worst.update(images, loss, broken)  # where the stripes did less harm than nothing, nothing
        return worst.images


def side_of(progress: float, sizes: tuple[int, ...]) -> int:
    """Return the side of the square, in pixels, after a share of the queries in [0, 1].

    Args:
        progress: Queries made, as a share of all.
        sizes: Of the image, in each dimension.
    """
    halvings = sum(progress * 10_000 > mark for mark in _HALVINGS)
    side = round(math.pow(_FIRST_SHARE / 2**halvings * math.prod(sizes), 1 / len(sizes)))
    return min(max(side, 1), *sizes)


def _with_square(target: Target, images: Tensor, side: int, dice: torch.Generator) -> Tensor:
    channels, *sizes = images.shape[1:]
    starts = [_integer(size - side + 1, dice) for size in sizes]
    window = (slice(None), slice(None), *(slice(start, start + side) for start in starts))
    signs = _signs((channels, *[1] * len(sizes)), dice)
    moved = images.clone()
    moved[window] = target.images[window] + target.threat.eps * signs
    return target.project(moved)


def _signs(shape: tuple[int, ...], dice: torch.Generator) -> Tensor:
    return torch.randint(2, shape, generator=dice, device=dice.device) * 2.0 - 1.0


def _integer(stop: int, dice: torch.Generator) -> int:
    return int(torch.randint(stop, (1,), generator=dice, device=dice.device))
