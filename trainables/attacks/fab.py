"""FAB: the nearest misclassified image, found along the boundary between two classes."""

from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from trainables.attacks.attack import Attack, Target, Worst, per_image
from trainables.attacks.threat import ThreatModel
from trainables.losses.likelihood import Loss, lead, margin

_OVERSHOOT = 1.05  # eta, past the boundary as it is estimated
_PULL = 0.1  # alpha_max, the greatest share of the step that starts from the clean image
_BACK = 0.9  # beta, how much of the way remains after a step back from a misclassified image
_HALVINGS = 8  # of the last stretch between clean and misclassified


@final
@dataclass(frozen=True, kw_only=True)
class FAB(Attack):
    """Walks along the boundary towards its point nearest to the clean image [fab, algorithm 1].

    Targeted: towards each of the likeliest other classes in turn, until what was found lies within
    the radius. It steps onto the boundary as the gradient estimates it, and not up a loss, so that
    neither the scale of the logits nor the radius guides it. Where the nearest found lies farther
    than the radius, it is drawn back into the ball, and the worse of that and the clean image is
    returned. For data with one answer an image.

    Attributes:
        classes: At most so many other classes, at least 1.
        iterations: Steps towards each, at least 1.
    """

    loss: Loss = margin
    classes: int = 9
    iterations: int = 100

    def __post_init__(self) -> None:
        if min(self.classes, self.iterations) < 1:
            raise ValueError(
                f"FAB towards {self.classes} classes of {self.iterations} iterations does nothing"
            )

    def _perturb(self, target: Target) -> Tensor:
        if target.labels.ndim > 1:
            raise ValueError("FAB needs one answer an image, not several labels or a picture")
        worst = Worst(target)
        nearest = target.images
        # Of a misclassified image nothing nearer can be found than itself.
        norms = torch.where(worst.broken, 0.0, torch.inf).to(target.images.dtype)
        for wanted in target.rivals(self.classes):
            rows = torch.nonzero(norms > target.threat.eps).squeeze(1)
            if len(rows) > 0:
                walk = _Walk(replace(target.at(rows), loss=lead(wanted[rows])))
                for _ in range(self.iterations):
                    walk.step()
                nearer = walk.norms < norms[rows]
                nearest = nearest.index_copy(0, rows[nearer], walk.nearest[nearer])
                norms = norms.index_copy(0, rows[nearer], walk.norms[nearer])
        moved = target.project(_halved(target, nearest))
        worst.update(moved, *target.query(moved))
        return worst.images


@final
class _Walk:
    """Where each image is, and the nearest misclassified place it has been at."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.images = self.nearest = target.images
        self.norms = target.images.new_full((len(target.images),), torch.inf)

    def step(self) -> None:
        """Step onto the estimated boundary, partly from here and partly from the clean image."""
        target, here, clean = self.target, self.images, self.target.images
        value, _, gradient = target.differentiate(here)
        offset = (gradient * (clean - here)).flatten(1).sum(dim=1)
        own = to_plane(here, gradient, -value, target.threat)
        straight = to_plane(clean, gradient, -value - offset, target.threat)
        near, far = _norms(own), _norms(straight)
        tiny = torch.finfo(near.dtype).tiny
        pull = per_image((near / (near + far).clamp_min(tiny)).clamp_max(_PULL), here)
        moved = (1 - pull) * (here + _OVERSHOOT * own) + pull * (clean + _OVERSHOOT * straight)
        self._look_around(target.threat.clip(moved))

    def _look_around(self, moved: Tensor) -> None:
        clean = self.target.images
        _, broken = self.target.query(moved)
        norms = _norms(moved - clean)
        nearer = broken & (norms < self.norms)
        self.nearest = torch.where(per_image(nearer, moved), moved, self.nearest)
        self.norms = torch.where(nearer, norms, self.norms)
        back = clean + _BACK * (moved - clean)
        self.images = torch.where(per_image(broken, moved), back, moved)


def to_plane(images: Tensor, normal: Tensor, gap: Tensor, threat: ThreatModel) -> Tensor:
    """Find the smallest change, by its greatest pixel, that crosses a gap within the bounds.

    All pixels move as far as the one that moves farthest, but for those that a bound stops. How far
    follows from sorting the pixels by the room they have [fab, section 2.2].

    Args:
        images: Inside the bounds, (n, C, ...).
        normal: What a unit of each pixel adds, (n, C, ...).
        gap: What is to be added in all, of either sign, (n,).
        threat: Says the bounds; its radius is not regarded.

    Returns:
        (n, C, ...); where the bounds do not let the gap be crossed, as far as they do.
    """
    direction = normal.sign() * per_image(gap.sign(), normal)
    room = torch.where(direction == 0, 0, _room(images, direction, threat)).flatten(1)
    sorted_room, order = room.sort(dim=1)
    weights = normal.abs().flatten(1).gather(1, order)
    spent = torch.where(sorted_room.isfinite(), weights * sorted_room, 0)
    before = spent.cumsum(dim=1) - spent  # added by the pixels that are stopped earlier
    moving = weights.flip(1).cumsum(dim=1).flip(1)
    short = before + sorted_room * moving < gap.abs()[:, None]
    stopped = short.sum(dim=1, keepdim=True)
    place = stopped.clamp_max(short.shape[1] - 1)
    far = (gap.abs()[:, None] - before.gather(1, place)) / moving.gather(1, place)
    far = torch.where(stopped > place, sorted_room[:, -1:], far)
    return direction * torch.minimum(far, room).view_as(images)


def _room(images: Tensor, direction: Tensor, threat: ThreatModel) -> Tensor:
    """Measure how far each pixel can go in its direction."""
    endless = torch.full_like(images, torch.inf)
    up = endless if threat.high is None else threat.high - images
    down = endless if threat.low is None else images - threat.low
    return torch.where(direction > 0, up, down)


def _norms(moves: Tensor) -> Tensor:
    return moves.abs().flatten(1).amax(dim=1)


def _halved(target: Target, images: Tensor) -> Tensor:
    """Draw misclassified images back towards the clean ones, as far as they stay misclassified."""
    low = images.new_zeros(len(images))
    high = torch.ones_like(low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tried = target.images + per_image(middle, images) * (images - target.images)
        _, broken = target.query(tried)
        low, high = torch.where(broken, low, middle), torch.where(broken, middle, high)
    return target.images + per_image(high, images) * (images - target.images)
