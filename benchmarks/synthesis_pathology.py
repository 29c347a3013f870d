"""What networks that predict CT and mislead attacks get, and which alarm says so.

    python benchmarks/synthesis_pathology.py [--unseen]

The networks are those of `tests/support/masked_synthesis.py`: an honest convolution in disguise, on
twelve slices of made tissue. Skills, as they rank; the truth is what attacks that know the disguise
leave of it. With `--unseen` the disguises are those of `unseen_synthesis.py`, of one convolution
and of two: they were made after the limits of the alarms had been set.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from masked_synthesis import CPU, EPS, convolution, heads, pathologies, skill_under, truth
from pathology import Pathology
from unseen_synthesis import unseen

from trainables.attacks.presets import build_synthesis_ensemble
from trainables.attacks.signs.steadiness import UnsteadyError
from trainables.synthesis.measurement import Measurement, measure_robust
from trainables.synthesis.robustness.audit import audit, guards
from trainables.synthesis.robustness.errors import aim
from trainables.synthesis.slices import Split

RUNGS = {"pgd-5": (5, 1), "pgd-10": (10, 1), "pgd-20x2!": (20, 2)}


def main() -> None:
    """Measure every network, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unseen", action="store_true", help="disguises made after the limits")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    train, split = heads(60, 0), heads(12, 1)
    honest = convolution(train)
    cases = [Pathology("none: the honest network", honest, honest), *pathologies(honest)]
    if arguments.unseen:
        bases = {"one": honest, "two": convolution(train, hidden=8)}
        cases = [
            replace(case, name=f"{count}: {case.name}")
            for count, network in bases.items()
            for case in [Pathology("honest", network, network), *unseen(network)]
        ]
    titles = ["network", "truth", *RUNGS, "quick", "beside pgd-5", "and by the audit"]
    print("| " + " | ".join(titles) + " |")
    print("| --- |" + " --- |" * (len(titles) - 1))
    for case in cases:
        print("| " + " | ".join(cells(case, split)) + " |", flush=True)


def cells(case: Pathology, split: Split) -> list[str]:
    """Return the row of a network: its name, its skills and its signs."""
    torch.manual_seed(0)
    skills, signs = [], list[str]()
    for name, (steps, restarts) in RUNGS.items():
        measurement = Measurement("pgd", EPS, 0, steps=steps, restarts=restarts)
        robust = measure_robust(case.model, split, measurement, CPU, "ranking")
        skills.append(robust.metrics[measurement.ranking_metric])
        try:
            values = guards(robust, case.model, split, measurement, CPU)
            values = audit(case.model, split, measurement, CPU) if name.endswith("!") else values
        except UnsteadyError:
            values = {"refused": 1.0}
        signs.append(", ".join(key for key, value in values.items() if value > 0) or "none")
    quick = skill_under(case.model, split, aim(build_synthesis_ensemble("quick")))
    numbers = [truth(case, split), *skills, quick]
    return [case.name, *(f"{number:.2f}" for number in numbers), signs[0], signs[-1]]


if __name__ == "__main__":
    main()
