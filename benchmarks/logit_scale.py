"""What PGD leaves of a network whose logits are multiplied, by the loss that it raises.

A factor changes no answer, so it should change nothing. Prints the table of docs/attacks.md: the
skill under PGD of 10 steps, the mean over small CNNs that are trained on the phantom, undefended
and adversarially:

    python benchmarks/logit_scale.py [--trainings 4] [--images 96]
"""

import argparse
from typing import Any

import numpy as np
import torch
from phantom import PHANTOMS, train
from torch import Tensor, nn

from trainables.attacks.evaluation import evaluate
from trainables.attacks.gradient import PGD
from trainables.losses.likelihood import Loss, cross_entropy, log_odds
from trainables.metrics.skill import mean_skill

PHANTOM = PHANTOMS["lesions"]
STEPS, EPOCHS, TRAINED = 10, 40, 120
FACTORS = (0.001, 0.1, 1, 16, 100, 1000)


def as_they_are(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute the log-odds of the logits as they are: attacks amplify them for `log_odds` alone."""
    return log_odds(logits, labels)


LOSSES: dict[str, Loss] = {
    "cross-entropy": cross_entropy,
    "log-odds, without the constant": as_they_are,
    "log-odds, with it: what attacks raise": log_odds,
}


class Scaled(nn.Module):
    """A network whose logits are multiplied."""

    def __init__(self, network: nn.Module, factor: float) -> None:
        super().__init__()
        self.network, self.factor = network, factor

    def forward(self, images: Tensor) -> Any:  # noqa: ANN401 - what the network gives
        """Return the logits times the factor."""
        return self.factor * self.network(images)


def skill_left(network: nn.Module, loss: Loss, images: Tensor, labels: Tensor) -> float:
    """Compute the skill that PGD leaves when it raises a loss.

    Args:
        network: Gives logits.
        loss: To raise.
        images: In [0, 1], (N, 1, H, W).
        labels: Their classes, (N,).
    """
    attack = PGD(loss=loss, steps=STEPS)
    eps, data = PHANTOM.eps, PHANTOM.module
    report = evaluate(network, images, labels, data.TASK, attack, eps, seed=0)
    return mean_skill(eps, report.curve("bacc"), 1 / len(data.CLASSES))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trainings", type=int, default=4)
    parser.add_argument("--images", type=int, default=96)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    networks = []
    for seed in range(arguments.trainings):
        torch.manual_seed(seed)
        images, labels = PHANTOM.make(TRAINED, "both", seed)
        networks += [
            train(PHANTOM, images, labels, EPOCHS, adversarial=flag) for flag in (False, True)
        ]
    images, labels = PHANTOM.make(arguments.images, "both", 1000)
    print(f"| raised | {' | '.join(f'x {factor:g}' for factor in FACTORS)} |")
    print("| --- |" + " --- |" * len(FACTORS))
    for name, loss in LOSSES.items():
        means = [
            np.mean([skill_left(Scaled(net, factor), loss, images, labels) for net in networks])
            for factor in FACTORS
        ]
        print(f"| {name} | {' | '.join(f'{mean:.3f}' for mean in means)} |", flush=True)


if __name__ == "__main__":
    main()
