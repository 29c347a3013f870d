"""The sealed call of an attack: its result lies in the threat model, the model is unchanged."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor, nn

from trainables.attacks.threat import ThreatModel
from trainables.losses.likelihood import Loss, log_odds, misclassified, rivals
from trainables.models.input_gradient import input_gradient
from trainables.models.modes import frozen
from trainables.runtime.seeding import generator

SPREAD = 3.0  # standard deviation over classes that the log-odds are taken at
COMPETING = 3  # classes whose logits may decide


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Target:
    """A batch under attack.

    Attributes:
        model: In eval mode, frozen; maps images to what the loss compares with the labels.
        images: Clean images, (n, C, ...).
        labels: (n,) or (n, L); of regression, targets (n, ...).
        threat: The changes that are allowed.
        loss: The loss to raise.
        seed: Of the whole attack.
        positions: The index of each image in the whole set, on which its random numbers depend.
        gain: What the logits of each image are multiplied by before the loss is taken, (n,); None
            for a loss that needs none.
        spare_broken: Whether a misclassified image counts as broken; else none ever does.
    """

    model: nn.Module
    images: Tensor
    labels: Tensor
    threat: ThreatModel
    loss: Loss
    seed: int
    positions: tuple[int, ...]
    gain: Tensor | None = None
    spare_broken: bool = True

    def select(self, rows: Tensor) -> "Target":
        """Return a target of some of the images, by their rows (m,) in the batch."""
        return replace(
            self,
            images=self.images[rows],
            labels=self.labels[rows],
            positions=tuple(self.positions[row] for row in rows.tolist()),
            gain=None if self.gain is None else self.gain[rows],
        )

    def project(self, images: Tensor) -> Tensor:
        """Bring images back into what the threat model allows."""
        return self.threat.project(images, self.images)

    def draw(self, shape: tuple[int, ...], *names: str | int) -> Tensor:
        """Draw from [0, 1) for each image, (n, *shape), independently of the rest of the batch."""
        device = self.images.device
        streams = (generator(device, self.seed, position, *names) for position in self.positions)
        noise = [torch.rand(shape, generator=stream, device=device) for stream in streams]
        return torch.stack(noise).to(self.images.dtype)

    def random_start(self, restart: int) -> Tensor:
        """Draw a point of each image's ball, uniformly, and clip it to the bounds."""
        noise = 2 * self.draw(tuple(self.images.shape[1:]), "start", restart) - 1
        return self.project(self.images + self.threat.eps * noise)

    def rivals(self, limit: int) -> Tensor:
        """Return the likeliest wrong classes of the clean images, (min(K - 1, limit), n)."""
        with torch.no_grad():
            return rivals(self.model(self.images), self.labels, limit)

    def query(self, images: Tensor, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Compute loss and what is broken, both (n,), without a gradient.

        Args:
            images: (n, C, ...).
            rows: int (n,), the rows of these images in the batch; all by default.

        Raises:
            FloatingPointError: If a loss is not finite.
        """
        labels = self.labels if rows is None else self.labels[rows]
        with torch.no_grad():
            logits = self.model(images)
            gain = self.gain if rows is None or self.gain is None else self.gain[rows]
            loss = self.loss(_amplified(logits, gain), labels)
            return _finite(loss), self._broken(logits, labels)

    def differentiate(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute loss (n,), what is broken (n,) and the gradient of the loss (n, C, ...).

        Raises:
            FloatingPointError: If a loss is not finite.
        """
        variable = images.detach().requires_grad_()
        logits = self.model(variable)
        loss = _finite(self.loss(_amplified(logits, self.gain), self.labels))
        gradient = input_gradient(loss, variable)
        return loss.detach(), self._broken(logits.detach(), self.labels), gradient

    def _broken(self, logits: Tensor, labels: Tensor) -> Tensor:
        wrong = misclassified(logits, labels)
        return wrong if self.spare_broken else torch.zeros_like(wrong)


@final
class Worst:
    """The most harmful version of each image so far, at first the clean one.

    A misclassified version is worse than any other; among equals the greater loss is worse. An
    image that is broken once stays broken, so more steps or restarts never help the defender. Where
    broken images are not spared, the greater loss alone counts.
    """

    def __init__(self, target: Target) -> None:
        self.images = target.images
        self.loss, self.broken = target.query(target.images)

    def update(self, images: Tensor, loss: Tensor, broken: Tensor) -> None:
        """Keep the new version of each image where it is worse.

        Args:
            images: (n, C, ...).
            loss: Of each image, (n,).
            broken: Whether each image is misclassified, bool (n,).
        """
        worse = (broken & ~self.broken) | ((broken == self.broken) & (loss > self.loss))
        self.images = torch.where(per_image(worse, images), images, self.images)
        self.loss = torch.where(worse, loss, self.loss)
        self.broken = self.broken | broken


def per_image(values: Tensor, images: Tensor) -> Tensor:
    """Reshape one value for each image, (n,), to broadcast over images (n, C, ...)."""
    return values.reshape(-1, *[1] * (images.ndim - 1))


@dataclass(frozen=True, kw_only=True)
class Attack(ABC):
    """A search near each image for one that the model misclassifies, or predicts worse.

    Attributes:
        loss: The loss to raise.
        batch_size: Images attacked at a time; affects memory, not the result.
        spare_broken: Whether to leave an image that is misclassified, or not to raise its loss
            further. No, where scores of an order count, such as AUC: they fall further with each
            image whose loss rises, misclassified or not.
    """

    loss: Loss
    batch_size: int = 256
    spare_broken: bool = True

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
        """Attack images without changing the model's modes and flags or the global random state.

        Args:
            model: Maps images to logits (N, K), or to predictions (N, ...); attacked in eval mode.
            images: Clean, floating, inside the threat model's bounds, (N, C, ...).
            labels: int64 (N,), or (N, L) for multi-label data; for regression targets (N, ...).
            threat: The changes that are allowed.
            seed: The same seed, model and images give the same result at any batch size.
            positions: int (N,), the index of each image in a larger set. An attack on a part of
                that set then draws the same random numbers. By default 0, 1, 2, ...

        Returns:
            Images within the threat model, detached, of the shape, type and device of ``images``.

        Raises:
            ValueError: If images are not floating or out of bounds, if there are more or fewer
                labels than images, or, with `squared_error`, if predictions and targets differ in
                shape.
            FloatingPointError: If losses or gradients are not finite.
        """
        _check(images, labels, threat)
        if threat.eps == 0 or len(images) == 0:
            return images.detach().clone()
        indices = range(len(images)) if positions is None else positions.tolist()
        batches = []
        # Inference mode is left, too: only then can the copies below take part in a gradient.
        with frozen(model), torch.inference_mode(mode=False), torch.enable_grad():
            for start in range(0, len(images), self.batch_size):
                rows = slice(start, start + self.batch_size)
                target = Target(
                    model=model,
                    images=images[rows].detach().clone(),
                    labels=labels[rows].clone(),
                    threat=threat,
                    loss=self.loss,
                    seed=seed,
                    positions=tuple(indices[rows]),
                    spare_broken=self.spare_broken,
                )
                if self.loss is log_odds and labels.ndim == 1:
                    target = replace(target, gain=_gain(model, target.images))
                batches.append(target.project(self._perturb(target).detach()))
        return _finite(torch.cat(batches))

    @abstractmethod
    def _perturb(self, target: Target) -> Tensor:
        """Return harmful versions of the target's images; the caller projects them."""


def _amplified(logits: Tensor, gain: Tensor | None) -> Tensor:
    return logits if gain is None else logits * per_image(gain, logits)


def _gain(model: nn.Module, images: Tensor) -> Tensor:
    """Return the factor that gives the logits of each clean image the spread `SPREAD`, (n,).

    The spread is that of the three greatest: a class that never competes, of a far lower logit,
    would make the others look alike. The log-odds of three classes and more are the margin where
    logits are large, and weigh all wrong classes alike where they are small. With the gain an
    attack depends on neither.
    """
    with torch.no_grad():
        logits = model(images)
    spread = logits.topk(min(COMPETING, logits.shape[1]), dim=1).values.std(dim=1, correction=0)
    return torch.where(spread > 0, SPREAD / spread.clamp_min(1e-30), 1.0)


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
