"""What networks that mislead attacks get at each rung of a ladder, and which alarm says so.

    python benchmarks/pathology.py [--images 48] [--train 96] [--unseen]

The networks are those of `tests/support/pathology.py`: an honest linear network, trained on noisy
blobs, in disguise. Areas under the balanced accuracy; the truth is what attacks that know the
disguise leave of it. The last lines give the same for an honest network, and what its signs cost.
With `--unseen` the disguises are those of `unseen_pathology.py`, of three networks: they were made
after the limits of the alarms had been set.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from pathology import EPS, Pathology, linear_network, noisy_blobs, pathologies, truth
from unseen_pathology import bases, unseen

from trainables.attacks.ensemble import run_ensemble
from trainables.attacks.presets import build_ensemble
from trainables.attacks.signs.steadiness import UnsteadyError
from trainables.classification.assets import LabelledImages
from trainables.classification.audit import audit, guards
from trainables.classification.measurement import Measurement, measure_robust

RUNGS = {"pgd-5": (5, 1), "pgd-10": (10, 1), "pgd-20x2!": (20, 2)}


def main() -> None:
    """Measure every network, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=48)
    parser.add_argument("--train", type=int, default=96)
    parser.add_argument("--unseen", action="store_true", help="disguises made after the limits")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    train, data = noisy_blobs(arguments.train, 0), noisy_blobs(arguments.images, 1)
    honest = linear_network(train)
    heads = ["network", "truth", *RUNGS, "quick", "beside pgd-5", "and by the audit"]
    print("| " + " | ".join(heads) + " |")
    print("| --- |" + " --- |" * (len(heads) - 1))
    cases = [Pathology("none: the honest network", honest, honest), *pathologies(honest, train)]
    if arguments.unseen:
        cases = [
            replace(case, name=f"{kind}: {case.name}")
            for kind, network in bases(train).items()
            for case in [Pathology("honest", network, network), *unseen(network)]
        ]
    for case in cases:
        print("| " + " | ".join(cells(case, data)) + " |", flush=True)
    cost(honest, data)


def cells(case: Pathology, data: LabelledImages) -> list[str]:
    """Return the row of a network: its name, its areas and its signs."""
    torch.manual_seed(0)
    areas, signs = [], list[str]()
    for name, (steps, restarts) in RUNGS.items():
        measurement = Measurement("multi-class", "pgd", EPS, 0, steps=steps, restarts=restarts)
        robustness = measure_robust(case.model, data, measurement)
        areas.append(robustness.reports["pgd"].area("bacc"))
        try:
            values = guards(case.model, data, robustness, measurement)
            values = audit(case.model, data, measurement) if name.endswith("!") else values
        except UnsteadyError:
            values = {"refused": 1.0}
        signs.append(", ".join(key for key, value in values.items() if value > 0) or "none")
    ensemble = build_ensemble("quick", "multi-class")
    images = data.images.float() / 255
    report = run_ensemble(case.model, images, data.labels, "multi-class", ensemble, EPS, seed=0)
    numbers = [truth(case, data), *areas, report.worst.area("bacc")]
    return [case.name, *(f"{number:.2f}" for number in numbers), signs[0], signs[-1]]


def cost(network: torch.nn.Module, data: LabelledImages) -> None:
    """Print the seconds of the signs, relative to the measurement that they stand beside."""
    for name, (steps, restarts) in RUNGS.items():
        measurement = Measurement("multi-class", "pgd", EPS, 0, steps=steps, restarts=restarts)
        start = perf_counter()
        robustness = measure_robust(network, data, measurement)
        middle = perf_counter()
        guards(network, data, robustness, measurement)
        print(f"signs beside {name}: {(perf_counter() - middle) / (middle - start):.2f}")


if __name__ == "__main__":
    main()
