"""Gradients that are not the derivative of what a model computes, as `gradcheck` would tell.

An attack in the maximum norm moves every pixel alike, so many small entries of a gradient together
do more than a few great ones. Wide moves bend honest networks too much to tell whether the small
entries are right. Moves so small that next to nothing bends can tell.
"""

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from trainables.models.input_gradient import gradient_of
from trainables.models.modes import frozen

FINER = 120  # times smaller than the wide step: a change of 1/200 of a grey level
FINEST = 20  # times smaller again in double precision, so that no edge of a flat image is met
ASIDE = 2 / 3  # of the wide step, by which images leave points where a derivative may not exist
DIRECTIONS = 4  # random changes of every image, of all its pixels and of half of them
ALLOWED = 0.05  # of what they do, which the gradient may leave unsaid
BESIDE = 1e-5  # of what all pixels do, which a gradient in reduced precision may miss of half
ROUNDINGS = 8  # of the greatest output, by which scores in single precision may be wrong
ALIKE = 0.05  # of the spread of the outputs, by which a copy may answer differently

Score = Callable[[Tensor], Tensor]


def contradicted(model: nn.Module, images: Tensor, score: Score, step: float, seed: int) -> Tensor:
    """Find the images near which the gradient is not the derivative of the score.

    The images are moved a little aside, as attacks leave them at once: where pixels are equal, a
    maximum of them has no derivative. Then the pixels move up or down at random and the other way,
    all of them, or only the half at which the gradient is smallest. Neither may do much that the
    gradient does not say.

    In doubt a copy of the model answers in double precision, to smaller moves still. Where it
    cannot be copied, rounding in single precision excuses. Where nothing changes at all, the model
    rounds images itself, and nothing is said here.

    Args:
        model: Maps images to outputs (n, ...).
        images: (n, C, ...).
        score: Maps outputs to one number an image, (n,).
        step: A wide one; pixels move aside by less, and then by 1/120.
        seed: Of the moves.

    Returns:
        bool (n,).
    """
    generator = torch.Generator().manual_seed(seed)
    aside = ASIDE * step * (2 * torch.rand(images.shape, generator=generator) - 1)
    images = images + aside.to(images)
    _, gradient = gradient_of(model, images, score)
    moves = _Moves(gradient, step / FINER, seed + 1)
    with frozen(model), torch.no_grad(), _exact_convolutions():
        missing, change = moves.compare(model, images, score)
        doubted = moves.beyond(missing, change)
        (rows,) = torch.nonzero(doubted, as_tuple=True)
        if len(rows) == 0:
            return doubted
        outputs = model(images)
        twin = _in_double(model, images[rows], outputs, rows)
        if twin is None:
            rounding = ROUNDINGS * torch.finfo(torch.float32).eps * float(outputs.abs().max())
            excused = DIRECTIONS * rounding**2
            return moves.beyond(missing, change, excused) & ~(change[0] == 0)
        # Only the doubted: convolutions in double precision take some ten times as long.
        moves = _Moves(gradient[rows], step / FINER / FINEST, seed + 1)

        def score_rows(answers: Tensor) -> Tensor:
            full = outputs.double().clone()
            full[rows] = answers
            return score(full)[rows]

        missing, change = moves.compare(twin, images[rows].double(), score_rows)
        doubted[rows] = moves.beyond(missing, change) & ~(change[0] == 0)
    return doubted


class _Moves:
    """Small moves of images, always the same, and what a gradient says of them."""

    def __init__(self, gradient: Tensor, step: float, seed: int) -> None:
        self.gradient, self.step, self.seed = gradient, step, seed
        flat = gradient.flatten(1)
        ranks = flat.abs().argsort(dim=1, stable=True).argsort(dim=1)
        weak = (2 * ranks < flat.shape[1]).view_as(gradient).to(gradient)
        self.parts = torch.ones_like(gradient), weak
        squares = [(gradient * part).double().flatten(1).square().sum(dim=1) for part in self.parts]
        self.expected = DIRECTIONS * 4 * step**2 * torch.stack(squares).cpu()

    def compare(self, model: nn.Module, images: Tensor, score: Score) -> tuple[Tensor, Tensor]:
        """Sum the squares of what the gradient leaves unsaid, and of what changes.

        Returns:
            For moves of all pixels, and of the weak half, (2, n) each.
        """
        generator = torch.Generator().manual_seed(self.seed)
        missing, change = torch.zeros((2, 2, len(images)), dtype=torch.float64)
        for _ in range(DIRECTIONS):
            coins = torch.randint(0, 2, images.shape, generator=generator)
            for row, part in enumerate(self.parts):
                move = self.step * (2 * coins - 1).to(images) * part.to(images)
                difference = score(model(images + move)) - score(model(images - move))
                said = 2 * (self.gradient * move).flatten(1).sum(dim=1)
                missing[row] += (difference - said).double().square().cpu()
                change[row] += difference.double().square().cpu()
        return missing, change

    def beyond(self, missing: Tensor, change: Tensor, excused: float = 0.0) -> Tensor:
        """Tell where more is missing than may be, (n,), of all pixels or of the weak half.

        It may be a share of what changes, or of what the gradient expects if that is more: few
        random changes may cancel themselves.
        """
        stake = torch.maximum(change, self.expected)
        allowed = ALLOWED * stake + BESIDE * stake[:1] + excused
        return (~(missing <= allowed)).any(dim=0)


def _exact_convolutions() -> AbstractContextManager[None]:
    """Keep a GPU from computing in TF32, which is coarser than the moves."""
    cudnn = torch.backends.cudnn
    return cudnn.flags(
        enabled=cudnn.enabled,
        benchmark=cudnn.benchmark,
        deterministic=cudnn.deterministic,
        allow_tf32=False,
    )


def _in_double(model: nn.Module, images: Tensor, outputs: Tensor, rows: Tensor) -> nn.Module | None:
    """Copy a model into double precision; None where that fails, or the copy computes otherwise.

    Args:
        model: Of outputs in single precision.
        images: Some of all.
        outputs: Of all.
        rows: Which those are.
    """
    try:
        twin = copy.deepcopy(model).double()
        answers = twin(images.double())
    except Exception:  # noqa: BLE001 - whatever a model of the user's raises, there is another way
        return None
    if answers.dtype != torch.float64 or torch.equal(answers, answers.float().double()):
        return None  # it computes in single precision inside
    spread = outputs.double().std(dim=0, correction=0).max()
    alike = (answers - outputs[rows]).abs().max() <= ALIKE * spread
    return twin if alike else None
