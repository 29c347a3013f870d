"""FAB: a search for the nearest misclassified image along the boundary between two classes."""

from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from trainables.attacks.attack import Attack, Target, Worst, per_image
from trainables.attacks.threat import ThreatModel
from trainables.losses.likelihood import Loss, lead, margin

_OVERSHOOT = 1.05  # eta, beyond the estimated boundary
_PULL = 0.1  # alpha_max, the greatest weight of the step from the clean image
_BACK = 0.9  # beta, the share of the distance kept after a step back to the clean image
_HALVINGS = 8  # bisections between the clean and the misclassified image


@final
@dataclass(frozen=True, kw_only=True)
class FAB(Attack):
    """Walk along the boundary towards its point nearest to the clean image [fab, algorithm 1].

    The walk is targeted: it goes towards each of the likeliest wrong classes in turn, until a
    misclassified image lies within the radius. Each step goes onto the boundary as the gradient
    estimates it, and does not climb a loss: neither the scale of the logits nor the radius affects
    it. If the nearest misclassified image lies beyond the radius, it is projected into the ball,
    and the worse of the projection and the clean image is returned. Only for data with one answer
    for each image, and for scores that ask whether it is right: beyond the boundary it seeks
    nothing.

    Attributes:
        classes: Greatest number of wrong classes to walk towards, at least 1.
        iterations: Steps towards each class, at least 1.
    """

    loss: Loss = margin
    classes: int = 9
    iterations: int = 100

    def __post_init__(self) -> None:
        if min(self.classes, self.iterations) < 1:
            raise ValueError(
                f"FAB towards {self.classes} classes of {self.iterations} iterations does nothing"
            )
        if not self.spare_broken:
            raise ValueError("FAB stops at the boundary: it lowers no score of an order")

    def _perturb(self, target: Target) -> Tensor:
        if target.labels.ndim > 1:
            raise ValueError("FAB needs one answer an image, not several labels or a picture")
        worst = Worst(target)
        nearest = target.images
        # A clean image that is misclassified is itself the nearest one.
        norms = torch.where(worst.broken, 0.0, torch.inf).to(target.images.dtype)
        for rival in target.rivals(self.classes):
            rows = torch.nonzero(norms > target.threat.eps).squeeze(1)
            if len(rows) > 0:
                walk = _Walk(replace(target.select(rows), loss=lead(rival[rows])))
                for _ in range(self.iterations):
                    walk.step()
                nearer = walk.norms < norms[rows]
                nearest = nearest.index_copy(0, rows[nearer], walk.nearest[nearer])
                norms = norms.index_copy(0, rows[nearer], walk.norms[nearer])
        images = target.project(_bisect(target, nearest))
        worst.update(images, *target.query(images))
        return worst.images


@final
class _Walk:
    """Each image's position, and the nearest misclassified position of its walk."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.images = self.nearest = target.images
        self.norms = target.images.new_full((len(target.images),), torch.inf)

    def step(self) -> None:
        """Step onto the estimated boundary, from the position and, by weight, the clean image."""
        target, images, clean = self.target, self.images, self.target.images
        value, _, gradient = target.differentiate(images)
        offset = (gradient * (clean - images)).flatten(1).sum(dim=1)
        change = to_plane(images, gradient, -value, target.threat)
        clean_change = to_plane(clean, gradient, -value - offset, target.threat)
        near, far = _norms(change), _norms(clean_change)
        tiny = torch.finfo(near.dtype).tiny
        pull = per_image((near / (near + far).clamp_min(tiny)).clamp_max(_PULL), images)
        step = (1 - pull) * (images + _OVERSHOOT * change)
        step = step + pull * (clean + _OVERSHOOT * clean_change)
        self._arrive(target.threat.clip(step))

    def _arrive(self, images: Tensor) -> None:
        clean = self.target.images
        _, broken = self.target.query(images)
        norms = _norms(images - clean)
        nearer = broken & (norms < self.norms)
        self.nearest = torch.where(per_image(nearer, images), images, self.nearest)
        self.norms = torch.where(nearer, norms, self.norms)
        back = clean + _BACK * (images - clean)
        self.images = torch.where(per_image(broken, images), back, images)


def to_plane(images: Tensor, normal: Tensor, gap: Tensor, threat: ThreatModel) -> Tensor:
    """Find the smallest change in the maximum norm that crosses a gap within the bounds.

    All pixels move by the same distance, except those that a bound stops earlier. The distance
    follows from sorting the pixels by their distance to the bound [fab, section 2.2].

    Args:
        images: Inside the bounds, (n, C, ...).
        normal: Gain of each pixel for a move by one unit, (n, C, ...).
        gap: Gain to reach in total, of either sign, (n,).
        threat: Gives the bounds; its radius is ignored.

    Returns:
        (n, C, ...); where the bounds are too narrow to cross the gap, the farthest change they
        allow.
    """
    direction = normal.sign() * per_image(gap.sign(), normal)
    room = torch.where(direction == 0, 0, _room(images, direction, threat)).flatten(1)
    sorted_room, order = room.sort(dim=1)
    weights = normal.abs().flatten(1).gather(1, order)
    spent = torch.where(sorted_room.isfinite(), weights * sorted_room, 0)
    base = spent.cumsum(dim=1) - spent  # gain of the pixels that are stopped earlier
    slope = weights.flip(1).cumsum(dim=1).flip(1)  # gain of the pixels that still move, by unit
    short = base + sorted_room * slope < gap.abs()[:, None]
    count = short.sum(dim=1, keepdim=True)  # of the pixels that are stopped
    index = count.clamp_max(short.shape[1] - 1)
    # A gradient of zero has no slope: nothing moves, and no gap may be divided by it.
    steepness = slope.gather(1, index).clamp_min(torch.finfo(slope.dtype).tiny)
    distance = (gap.abs()[:, None] - base.gather(1, index)) / steepness
    distance = torch.where(count > index, sorted_room[:, -1:], distance)
    return direction * torch.minimum(distance, room).view_as(images)


def _room(images: Tensor, direction: Tensor, threat: ThreatModel) -> Tensor:
    """Return how far each pixel can move in its direction."""
    endless = torch.full_like(images, torch.inf)
    up = endless if threat.high is None else threat.high - images
    down = endless if threat.low is None else images - threat.low
    return torch.where(direction > 0, up, down)


def _norms(changes: Tensor) -> Tensor:
    return changes.abs().flatten(1).amax(dim=1)


def _bisect(target: Target, images: Tensor) -> Tensor:
    """Bring misclassified images as near to the clean ones as they stay misclassified."""
    low = images.new_zeros(len(images))
    high = torch.ones_like(low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        candidates = target.images + per_image(middle, images) * (images - target.images)
        _, broken = target.query(candidates)
        low, high = torch.where(broken, low, middle), torch.where(broken, middle, high)
    return target.images + per_image(high, images) * (images - target.images)
