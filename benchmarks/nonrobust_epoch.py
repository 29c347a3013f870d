"""What the choice of the epoch by val under attack is worth to standard training, on the phantom.

In the nonrobust study what trains against attacks chooses its epoch by val under attack, and
standard training by clean val. The same standard training, seed by seed, is scored at the epoch of
either choice, on images that train nothing. Ends in the table of docs/nonrobust.md:

    python benchmarks/nonrobust_epoch.py [--fraction 0.25] [--epochs 30] [--seeds 5]
"""

import argparse
import tempfile
from pathlib import Path

import nonrobust_cues
import numpy as np
import torch

from trainables.classification.assets import open_splits, read_splits, write_data
from trainables.studies.nonrobust.choice import choose_by_attack
from trainables.studies.nonrobust.settings import NonrobustConfig
from trainables.studies.nonrobust.study import Nonrobust

RADII = (None, 1.0, 4.0)  # in 255ths, of the attack on val that chooses; None for clean val


def score(fraction: float, epochs: int, seed: int) -> list[list[float]]:
    """Train and score a seed: balanced accuracies at each radius and the epoch, by choice."""
    study = Nonrobust()
    settings = study.parse_settings(
        {
            "fraction": fraction, "epochs": epochs, "seed": seed, "eps": "0,4/255", "device": "cpu",
        }
    )  # fmt: skip
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        assets = Path(folder)
        write_data(assets, *open_splits(settings, print), seed=seed)
        data = read_splits(assets, "cpu", seed)
        for radius in RADII:
            trial = study.build(NonrobustConfig().model_dump(), settings, assets)
            if radius is not None:
                trial.choice = choose_by_attack(data, radius / 255, seed)
            trial.train(epochs)
            with trial.at_best():
                curve = nonrobust_cues.score(trial.classifier)[: len(nonrobust_cues.EPS)]
            rows.append([*curve, float(trial.best.epoch if trial.best else epochs)])
            print(f"seed {seed}, {radius}: {np.round(rows[-1], 3)}", flush=True)
    return rows


def main() -> None:
    """Print the table, means over seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fraction", type=float, default=0.25)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(arguments.seeds)
    scores = np.array([score(arguments.fraction, arguments.epochs, seed) for seed in seeds])
    print("| epoch chosen by val | clean | 1/255 | 2/255 | 4/255 | epoch |\n|" + " --- |" * 6)
    for radius, row in zip(RADII, scores.mean(axis=0), strict=True):
        name = "clean" if radius is None else f"under PGD at {radius:g}/255"
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in row)} |")


if __name__ == "__main__":
    main()
