"""One epoch of training a network that predicts CT, and its error on val."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from trainables.attacks.gradient import PGD
from trainables.attacks.threat import mr_deviations
from trainables.losses.likelihood import Loss, squared_error
from trainables.runtime.device import Autocast
from trainables.synthesis.robustness.errors import head_error
from trainables.synthesis.slices import SCALE_HU, Split
from trainables.synthesis.training.regimes import Replace

ATTACKED = 16  # subjects of val whose widest slice is attacked after every epoch
STEPS = 3  # of that attack


class Augment(Protocol):
    """Changes MR and target of slices alike, by chance."""

    def __call__(
        self, mr: Tensor, target: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return changed MR (N, C, S, S) and target (N, 2, S, S)."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Practice:
    """What is done with each batch.

    Attributes:
        loss: Of targets of CT and head.
        replace: Returns the MR to train on in place of a batch, as adversarial training does.
        augment: What changes slices before that, one after the other.
        before_step: Called before each step, to set the learning rate.
        after_step: Called after each step, to average the weights.
    """

    loss: Loss
    replace: Replace
    augment: tuple[Augment, ...] = ()
    before_step: Callable[[], None] = _nothing
    after_step: Callable[[], None] = _nothing


def train_epoch(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    split: Split,
    practice: Practice,
    *,
    batch_size: int,
    generator: torch.Generator,
    autocast: Autocast,
    slices: int | None = None,
) -> float:
    """Train once over all slices, or as many draws of them; return the mean loss.

    Args:
        network: Left in train mode.
        optimiser: Over the network's parameters.
        split: The training slices.
        practice: What is done with each batch.
        batch_size: Slices a step. A last batch of one slice is skipped: at a bottleneck of one
            pixel, batch normalisation would have a single value.
        generator: Of order and augmentation, on the CPU.
        autocast: The precision of the forward pass.
        slices: How many are drawn, all of them before any is drawn again; None for each once.
    """
    device = next(network.parameters()).device
    # Summed where it lies: reading every loss would let the device wait for the next batch.
    total, count = torch.zeros((), dtype=torch.float64, device=device), 0
    for rows in draw_order(len(split), slices, generator).split(batch_size):
        if len(rows) == 1 and count:
            continue
        mr, target = split.targets(rows.tolist(), device)
        for change in practice.augment:
            mr, target = change(mr, target, generator)
        inputs = practice.replace(mr, target)
        network.train()
        practice.before_step()
        with autocast():
            prediction = network(inputs)
        loss = practice.loss(prediction.float(), target).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        practice.after_step()
        total += loss.detach().double() * len(rows)
        count += len(rows)
    return float(total) / count


def draw_order(count: int, draws: int | None, generator: torch.Generator) -> Tensor:
    """Draw slices in a random order, all before any is drawn again.

    Args:
        count: Of the slices.
        draws: How many; None for each once.
        generator: On the CPU.

    Returns:
        Numbers of slices, (draws,).
    """
    rounds = -(-(draws or count) // count)
    orders = [torch.randperm(count, generator=generator) for _ in range(rounds)]
    return torch.cat(orders)[:draws]


def steps_of(slices: int, batch_size: int) -> int:
    """Count the steps of an epoch."""
    full, rest = divmod(slices, batch_size)
    return max(1, full + (rest > 1))


def validation_loss(
    network: nn.Module, split: Split, device: torch.device, batch_size: int = 32
) -> float:
    """Compute the mean squared error over clean slices; the network stays in eval mode.

    Args:
        network: Predicts normalised CT from MR.
        split: The slices.
        device: Of the network.
        batch_size: Slices that the network sees at a time; affects only the memory.
    """
    network.eval()
    total = 0.0
    with torch.no_grad():
        for rows in torch.arange(len(split)).split(batch_size):
            mr, ct = split.batch(rows.tolist(), device)
            total += float(squared_error(network(mr).float(), ct).sum())
    return total / len(split)


def validation_error(
    network: nn.Module, split: Split, eps: float, device: torch.device, batch_size: int = 32
) -> float:
    """Compute the head MAE in HU by which an epoch is chosen: half clean, half attacked.

    Trials are ranked by the head MAE under attack. So a cheap attack on the same error, of a few
    steps on the widest slice of a few subjects, has a part in the choice.

    Args:
        network: Predicts normalised CT from MR; stays in eval mode.
        split: Val.
        eps: Radius of the attack; at 0 the clean error is returned.
        device: Of the network.
        batch_size: Slices that the network sees at a time; affects only the memory.
    """
    clean = _head_mae(network, split, None, device, batch_size)
    if not eps > 0:
        return clean
    attack = PGD(loss=head_error, steps=STEPS, random_start=False, batch_size=batch_size)

    def move(mr: Tensor, target: Tensor) -> Tensor:
        return attack(network, mr, target, mr_deviations(eps), seed=0)

    return (clean + _head_mae(network, split.widest(ATTACKED), move, device, batch_size)) / 2


def _head_mae(
    network: nn.Module, split: Split, move: Replace | None, device: torch.device, batch_size: int
) -> float:
    """Average the head MAE of each subject, in HU."""
    network.eval()
    errors, weights = [], []
    for rows in torch.arange(len(split)).split(batch_size):
        mr, target = split.targets(rows.tolist(), device)
        inputs = mr if move is None else move(mr, target)
        with torch.no_grad():
            means = head_error(network(inputs).float(), target)
        errors += means.tolist()
        weights += target[:, 1:].flatten(1).sum(dim=1).tolist()
    starts = np.cumsum([0, *map(len, split.subjects)])[:-1]
    sums, counts = (
        np.add.reduceat(values, starts) for values in (np.multiply(errors, weights), weights)
    )
    return SCALE_HU * float(np.mean(sums / np.maximum(counts, 1)))
