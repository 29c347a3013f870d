"""The handcrafted U-Net beside MONAI's, trained alike, and beside no network: clean head MAE in HU.

    python benchmarks/robmednas_baseline.py --data DIR --size 96 --epochs 45

Needs MONAI (``pip install monai``), which no part of the package imports. Measured on the ranking
subjects; each network is trained with several seeds, whose errors are averaged by subject.
"""

import argparse
import copy
import importlib
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from searchspace.unet import handcrafted
from trainables.metrics.intervals import mean_interval
from trainables.metrics.paired import compare
from trainables.models.unet import UNet
from trainables.runtime.device import autocast, channels_last
from trainables.runtime.seeding import generator, seeded
from trainables.studies.robmednas.study import HANDCRAFTED_DEPTH, RobMedNAS
from trainables.synthesis.assets import Data, read_data
from trainables.synthesis.measurement import score_subjects
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.training.epoch import train_epoch, validation_loss

robmednas = RobMedNAS()

CPU = torch.device("cpu")


def main() -> None:
    """Train both networks, measure and print."""
    arguments = parse_arguments()
    seeds = arguments.seeds
    settings = robmednas.parse_settings(
        {
            "data": arguments.data,
            "size": arguments.size,
            "epochs": arguments.epochs,
            "device": "cpu",
        }
    )
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        facts = robmednas.prepare(settings, Path(folder), lambda _: None)
        data = read_data(Path(folder))
        print(f"mean CT by MR intensity: {facts.details['trivial_mae_head']:.1f} HU")
        architecture = handcrafted(settings.max_filters, HANDCRAFTED_DEPTH)
        count = parameters(UNet(architecture))
        results = {
            "handcrafted U-Net": measure(partial(UNet, architecture), data, settings, seeds),
            "MONAI U-Net": measure(monai_unet(count), data, settings, seeds),
        }
    for name, errors in results.items():
        print(f"{name}: {interval(errors.mean(axis=0))} HU, by seed {errors.mean(axis=1).round(1)}")
    a, b = (errors.mean(axis=0) for errors in results.values())
    comparison = compare(a, b, comparisons=1, direction="min")
    print(f"handcrafted minus MONAI: {interval(a - b)} HU; Wilcoxon p = {comparison.p:.2g}")


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=45)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def parameters(network: nn.Module) -> int:
    """Count the parameters of a network."""
    return sum(parameter.numel() for parameter in network.parameters())


def monai_unet(count: int) -> Callable[[], nn.Module]:
    """Return a maker of MONAI's residual U-Net of four levels, of the width that fits best."""
    # MONAI runs without torchvision, and tries it where it is there: beside a torch for CPUs alone
    # that import fails, and MONAI goes on.
    sys.modules.setdefault("torchvision", None)  # type: ignore[arg-type]
    nets: Any = importlib.import_module("monai.networks.nets.unet")

    def make(width: int) -> nn.Module:
        channels = [width * 2**level for level in range(5)]
        network: nn.Module = nets.UNet(2, 1, 1, channels, (2, 2, 2, 2), num_res_units=2)
        return network

    width = min(range(4, 40), key=lambda width: abs(parameters(make(width)) - count))
    print(f"parameters: handcrafted {count}, MONAI {parameters(make(width))} (width {width})")
    return lambda: make(width)


def measure(
    make: Callable[[], nn.Module], data: Data, settings: SynthesisSettings, seeds: int
) -> np.ndarray:
    """Train with each seed; return the head MAE of every subject in HU, (seeds, subjects).

    Args:
        make: Makes the network, with initial weights from torch's generator.
        data: Of the run.
        settings: Of the run.
        seeds: How many; they count from 0.
    """
    errors = []
    for seed in range(seeds):
        with seeded(CPU, seed, "initialisation"):
            network = channels_last(make())
        network.load_state_dict(train(network, data, settings, seed))
        (scores,) = score_subjects(network, data.ranking, [None], CPU)
        errors.append(scores["mae_head"])
    return np.stack(errors)


def train(network: nn.Module, data: Data, settings: SynthesisSettings, seed: int) -> dict[str, Any]:
    """Train as a trial does; return the weights of the epoch with the lowest loss on val.

    Args:
        network: Initialised; trained in place.
        data: Of the run.
        settings: Of the run.
        seed: Of the order of slices.
    """
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.lr, amsgrad=True)
    best, weights = float("inf"), {}
    for epoch in range(settings.epochs):
        train_epoch(
            network,
            optimiser,
            data.train,
            lambda mr, ct: mr,
            batch_size=settings.batch_size,
            flip=settings.flip,
            generator=generator(CPU, seed, epoch, "order"),
            autocast=autocast(CPU, torch.float32),
        )
        loss = validation_loss(network, data.val, CPU)
        if loss < best:
            best, weights = loss, copy.deepcopy(network.state_dict())
    return weights


def interval(values: np.ndarray) -> str:
    """Write a mean over subjects with its 95 % interval."""
    mean = mean_interval(values, 0)
    return f"{mean.value:.1f} [{mean.low:.1f}, {mean.high:.1f}]"


if __name__ == "__main__":
    main()
