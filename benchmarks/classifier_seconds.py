"""Parameters of every classifier, and the seconds of a training step beside those of `resnet18`.

    python benchmarks/classifier_seconds.py

One channel of 28 pixels a side and two classes, one thread. Steps of all networks take turns, so
that what else the machine does is shared; each has the median of its steps.
"""

import argparse
import time
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainables.models.classifiers import BODIES, KINDS, build_classifier

SIDE, BESIDE = 28, "resnet18"
BATCH = {2: 32, 3: 2}  # by the number of spatial dimensions


def step(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the seconds of one forward and backward pass."""
    start = time.perf_counter()
    functional.cross_entropy(network(images), labels).backward()
    return time.perf_counter() - start


def compare(dimensions: int, steps: int) -> None:
    """Print a line for each network that takes images, or volumes.

    Args:
        dimensions: 2 for images, 3 for volumes.
        steps: Timed of each network, after one that is not.
    """
    shape = (SIDE,) * dimensions
    images = torch.rand(BATCH[dimensions], 1, *shape, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(len(images)) % 2
    names = [name for name, body in BODIES.items() if dimensions in body.dimensions]
    networks = {name: build_classifier(name, 1, shape, 2) for name in names}
    rounds = [
        {name: step(network, images, labels) for name, network in networks.items()}
        for _ in range(steps + 1)
    ]
    seconds = {name: median(times[name] for times in rounds[1:]) for name in names}
    print(
        f"| {KINDS[dimensions]} | parameters | ms each | of {BESIDE}'s |\n| --- | --- | --- | --- |"
    )
    for name, network in networks.items():
        count = sum(parameter.numel() for parameter in network.parameters())
        each = 1000 * seconds[name] / len(images)
        print(f"| `{name}` | {count:,} | {each:.1f} | {seconds[name] / seconds[BESIDE]:.2g} |")


def main() -> None:
    """Print a table of images and one of volumes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=9, help="timed of each (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for dimensions in BATCH:
        compare(dimensions, arguments.steps)


if __name__ == "__main__":
    main()
