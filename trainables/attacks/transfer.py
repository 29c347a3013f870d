"""Transfer: adversarial images made on one model, used on another.

A confirmation attacks every model from all of its rivals. What is made on a rival does not depend
on the model under attack, so it is made once a process and kept, up to `LIMIT` bytes.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import torch
from torch import Tensor, nn

from trainables.attacks.attack import Attack, Target
from trainables.losses.likelihood import Loss, log_odds
from trainables.models.digests import tensors_digest

LIMIT = 2**29  # bytes of adversarial images that a process keeps


@final
@dataclass
class Store:
    """Images by what they were made of; beyond a number of bytes the oldest go.

    Attributes:
        limit: Bytes.
        images: By key, the oldest first.
    """

    limit: int = LIMIT
    images: dict[Hashable, Tensor] = field(default_factory=dict)

    def obtain(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        """Return the images of a key, made now where they are not kept."""
        if key not in self.images:
            self.images[key] = make()
            while sum(map(_bytes, self.images.values())) > self.limit and len(self.images) > 1:
                del self.images[next(iter(self.images))]
        return self.images[key]

    def holds(self, images: Tensor, count: int) -> bool:
        """Return whether ``count`` sets of the size of ``images`` can be kept together."""
        return count * _bytes(images) <= self.limit


STORE = Store()


@final
@dataclass(frozen=True, kw_only=True)
class Transfer(Attack):
    """An attack on the attacker's own model, the source, instead of the model under attack.

    Weaker than the same attack on the model itself, unless that model masks its gradients.

    Attributes:
        source: The attacker's model, on the device of the images; its weights do not change.
        attack: The attack on the source; its loss is used.
        name: Of the source. With its weights it stands for the source.
        whole: All images, (N, C, ...), and labels of the set that the images under attack are from.
            Then all are attacked at once, at positions 0 to N - 1, and kept for other models, whose
            broken images are others. Without it the images under attack alone are.
    """

    loss: Loss = log_odds
    source: nn.Module
    attack: Attack
    name: str = ""
    whole: tuple[Tensor, Tensor] | None = None

    def _perturb(self, target: Target) -> Tensor:
        positions = torch.tensor(target.positions, device=target.images.device)
        if self.whole is None:
            return self._make((target.images, target.labels), positions, target)
        images, _ = self.whole
        numbers = torch.arange(len(images), device=images.device)
        return self._make(self.whole, numbers, target)[positions]

    def _make(self, data: tuple[Tensor, Tensor], positions: Tensor, target: Target) -> Tensor:
        threat = target.threat
        inputs = tensors_digest({"images": data[0], "labels": data[1], "positions": positions})
        key = self._origin, inputs, self.attack, threat, target.seed
        return STORE.obtain(
            key, lambda: self.attack(self.source, *data, threat, target.seed, positions)
        )

    @cached_property
    def _origin(self) -> str:
        return f"{self.name} {self.source} {tensors_digest(self.source.state_dict())}"


def _bytes(images: Tensor) -> int:
    return images.element_size() * images.nelement()
