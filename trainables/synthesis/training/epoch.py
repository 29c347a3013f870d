"""One epoch of training a network that predicts CT, and its loss on val."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from trainables.losses.likelihood import squared_error
from trainables.runtime.device import Autocast
from trainables.synthesis.slices import Split

# (MR, normalised CT) -> the MR that is trained on
Replace = Callable[[Tensor, Tensor], Tensor]


def train_epoch(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    split: Split,
    replace: Replace,
    *,
    batch_size: int,
    flip: bool,
    generator: torch.Generator,
    autocast: Autocast,
) -> float:
    """Train once over all slices by the mean squared error; return its mean.

    Args:
        network: Left in train mode.
        optimiser: Over the network's parameters.
        split: The training slices.
        replace: Returns the MR to train on in place of a clean batch, as adversarial training does.
        batch_size: Slices a step. A last batch of one slice is skipped: at a bottleneck of one
            pixel, batch normalisation would have a single value.
        flip: Mirror slices left and right, each with probability 0.5.
        generator: Of order and mirroring, on the CPU.
        autocast: The precision of the forward pass.
    """
    total, count, device = 0.0, 0, next(network.parameters()).device
    order = torch.randperm(len(split), generator=generator)
    mirrored = torch.rand(len(split), generator=generator) < (0.5 if flip else 0.0)
    for rows, mirror in zip(order.split(batch_size), mirrored.split(batch_size), strict=True):
        if len(rows) == 1 and count:
            continue
        mr, ct = split.batch(rows.tolist(), device)
        turned = mirror.to(device).reshape(-1, 1, 1, 1)
        mr, ct = (torch.where(turned, image.flip(2), image) for image in (mr, ct))
        inputs = replace(mr, ct)
        network.train()
        with autocast():
            prediction = network(inputs)
        loss = squared_error(prediction.float(), ct).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total += float(loss.detach()) * len(rows)
        count += len(rows)
    return total / count


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
