"""One sealed call: its result lies inside the threat model, and the model is left as it was."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor, nn

from trainables.attacks.threat import ThreatModel
from trainables.losses.likelihood import Loss, misclassified, rivals
from trainables.models.modes import frozen
from trainables.runtime.seeding import generator


@final
@dataclass(frozen=True, eq=False)
class Target:
    """A batch under attack.

    Attributes:
        model: In eval mode, frozen; maps images to what the loss compares with the labels.
        images: Clean images, (n, C, ...).
        labels: (n,) or (n, L); of regression, targets (n, ...).
        threat: What is allowed.
        loss: What is to be driven up.
        seed: Of the whole attack.
        positions: Where each image stands in the whole set: what its random numbers depend on.
    """

    model: nn.Module
    images: Tensor
    labels: Tensor
    threat: ThreatModel
    loss: Loss
    seed: int
    positions: tuple[int, ...]

    def at(self, rows: Tensor) -> "Target":
        """Return the target of some images alone, by their rows (m,)."""
        places = tuple(self.positions[row] for row in rows.tolist())
        return replace(self, images=self.images[rows], labels=self.labels[rows], positions=places)

    def project(self, images: Tensor) -> Tensor:
        """Bring images back to what the threat model allows."""
        return self.threat.project(images, self.images)

    def draw(self, shape: tuple[int, ...], *names: str | int) -> Tensor:
        """Draw from [0, 1) for each image by itself, (n, *shape), whatever else is in the batch."""
        device, dtype = self.images.device, self.images.dtype
        dice = (generator(device, self.seed, place, *names) for place in self.positions)
        return torch.stack([torch.rand(shape, generator=die, device=device) for die in dice]).to(
            dtype
        )

    def random_start(self, restart: int) -> Tensor:
        """Draw a point of each image's ball, uniformly, and clip it to the bounds."""
        noise = 2 * self.draw(tuple(self.images.shape[1:]), "start", restart) - 1
        return self.project(self.images + self.threat.eps * noise)

    def rivals(self, most: int) -> Tensor:
        """Find the likeliest other classes of the clean images, (min(K - 1, most), n)."""
        with torch.no_grad():
            return rivals(self.model(self.images), self.labels, most)

    def query(self, images: Tensor, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Compute loss and misclassification, both (n,), without a gradient.

        Args:
            images: (n, C, ...).
            rows: Which images of the batch these are; all by default.

        Raises:
            FloatingPointError: If a loss is not finite.
        """
        labels = self.labels if rows is None else self.labels[rows]
        with torch.no_grad():
            logits = self.model(images)
            return _finite(self.loss(logits, labels)), misclassified(logits, labels)

    def differentiate(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute loss (n,), misclassification (n,) and the gradient of the loss by the images.

        Raises:
            FloatingPointError: If a loss is not finite.
        """
        moving = images.detach().requires_grad_()
        logits = self.model(moving)
        loss = _finite(self.loss(logits, self.labels))
        (gradient,) = torch.autograd.grad(loss.sum(), moving)
        return loss.detach(), misclassified(logits.detach(), self.labels), gradient


@final
class Worst:
    """The most harmful version of each image so far: misclassified before not, then by loss.

    Starts from the clean images. As an image once broken stays broken, more steps or restarts
    never help the defender.
    """

    def __init__(self, target: Target) -> None:
        self.images = target.images
        self.loss, self.broken = target.query(target.images)

    def update(self, images: Tensor, loss: Tensor, broken: Tensor) -> None:
        """Take what is worse: images (n, C, ...), loss (n,), broken (n,)."""
        worse = (broken & ~self.broken) | ((broken == self.broken) & (loss > self.loss))
        self.images = torch.where(per_image(worse, images), images, self.images)
        self.loss = torch.where(worse, loss, self.loss)
        self.broken = self.broken | broken


def per_image(values: Tensor, images: Tensor) -> Tensor:
    """View one value an image, (n,), so that it broadcasts over images (n, C, ...)."""
    return values.reshape(-1, *[1] * (images.ndim - 1))


@dataclass(frozen=True, kw_only=True)
class Attack(ABC):
    """Searches near each image for one that the model gets wrong, or, in regression, more wrong.

    Attributes:
        loss: What is driven up.
        batch_size: Images at a time; a question of memory only.
    """

    loss: Loss
    batch_size: int = 256

    @final
    def __call__(
        self,
        model: nn.Module,
        images: Tensor,
        labels: Tensor,
        threat: ThreatModel,
        seed: int,
        positions: Tensor | None = None,
    ) -> Tensor:
        """Attack images; leave the model's modes, flags and the global random state untouched.

        Args:
            model: Maps images to logits (N, K), or to predictions (N, ...); attacked in eval mode.
            images: Clean, floating, inside the threat model's bounds, (N, C, ...).
            labels: int64 (N,), or (N, L) for multi-label data; the targets (N, ...) of regression.
            threat: What is allowed.
            seed: The same seed, model and images give the same result, whatever the batch size.
            positions: int (N,), where each image stands in a larger set, so that attacking a part
                of it draws the same random numbers; by default 0, 1, 2, ...

        Returns:
            Images within the threat model, detached, of the shape, type and device of ``images``.

        Raises:
            ValueError: If images are not floating or out of bounds, or labels are not as many;
                from `squared_error`, if predictions and targets differ in shape.
            FloatingPointError: If losses or gradients are not finite.
        """
        _check(images, labels, threat)
        if threat.eps == 0 or len(images) == 0:
            return images.detach().clone()
        places = range(len(images)) if positions is None else positions.tolist()
        attacked = []
        # Leaving inference mode, too: copies made here can take part in a gradient.
        with frozen(model), torch.inference_mode(mode=False), torch.enable_grad():
            for start in range(0, len(images), self.batch_size):
                rows = slice(start, start + self.batch_size)
                clean, answers = images[rows].detach().clone(), labels[rows].clone()
                target = Target(model, clean, answers, threat, self.loss, seed, tuple(places[rows]))
                attacked.append(target.project(self._perturb(target).detach()))
        return _finite(torch.cat(attacked))

    @abstractmethod
    def _perturb(self, target: Target) -> Tensor:
        """Return harmful versions of the target's images; the caller projects them."""


def _check(images: Tensor, labels: Tensor, threat: ThreatModel) -> None:
    if not images.is_floating_point() or not threat.admits(images):
        raise ValueError(
            f"images to attack are {images.dtype}, expected floating {threat.unit} "
            f"from {threat.low} to {threat.high}"
        )
    if len(labels) != len(images):
        raise ValueError(f"{len(images)} images to attack, but {len(labels)} labels")


def _finite(values: Tensor) -> Tensor:
    if not bool(values.isfinite().all()):
        raise FloatingPointError("the attacked model gives losses or gradients that are not finite")
    return values
