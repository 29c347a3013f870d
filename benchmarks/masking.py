"""Look for gradient masking in a model of a run: do stronger attacks break more?

Prints a Markdown table of the score that ranks, on the ranking images, at the radii of the run and
at greater ones. From left to right the attacks become stronger, so the score should only fall; the
last two do not use the model's gradient and so should be weaker:

    python benchmarks/masking.py RUN [--trial TRIAL] [--source BASELINE_TRIAL]
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch

from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from trainables.attacks.attack import Attack
from trainables.attacks.evaluation import evaluate, evaluate_order
from trainables.attacks.registry import build_attack
from trainables.attacks.transfer import Transfer
from trainables.classification.about import headline
from trainables.classification.assets import LabelledImages, at_most, read_data
from trainables.data.task import Task
from trainables.metrics.classification import ORDERS
from trainables.models.classifiers import Classifier
from trainables.runtime.arrays import Floats64
from trainables.saved.checkpoint import load_classifier

BEYOND = (2.0, 4.0)  # times the run's greatest radius


def attacks(task: Task, source: Classifier) -> dict[str, Attack]:
    """List white-box attacks, weakest first, then those without the model's gradient."""
    return {
        "FGSM": build_attack("fgsm", task),
        "PGD-10": build_attack("pgd", task, 10),
        "PGD-50": build_attack("pgd", task, 50),
        "APGD-100": build_attack("apgd-ce", task, 100),
        "Square-1000": build_attack("square", task, 1000),
        "transfer": Transfer(source=source, attack=build_attack("pgd", task, 50)),
    }


def with_greater(eps: Sequence[float]) -> tuple[float, ...]:
    """Return the radii of a run that are above 0, and greater ones, at most 1."""
    radii = {radius for radius in eps if radius > 0}
    return tuple(sorted(radii | {min(factor * max(radii), 1.0) for factor in BEYOND}))


def measure(
    model: Classifier,
    source: Classifier,
    data: LabelledImages,
    task: Task,
    eps: Sequence[float],
    score: str,
) -> dict[str, Floats64]:
    """Measure a score at each radius under each of `attacks`, attacked as a search does.

    Args:
        model: Under attack.
        source: That transfer attacks use.
        data: The images.
        task: What the labels mean.
        eps: Increasing radii, in pixels of [0, 1].
        score: A name of `trainables.metrics.classification.scores`.
    """
    attacked, images = evaluate_order if score in ORDERS else evaluate, data.images.float() / 255
    return {
        name: attacked(model, images, data.labels, task, attack, eps, seed=0).curve(score)
        for name, attack in attacks(task, source).items()
    }


def main() -> None:
    """Print the table of a run's trial."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--trial", help="a folder of RUN/trials; the winner by default")
    parser.add_argument("--source", default="r01", help="the trial that transfer attacks use")
    parser.add_argument("--images", type=int, default=128, help="at most, of those that rank")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    trials = arguments.run / "trials"
    folder = trials / arguments.trial if arguments.trial else arguments.run / "best"
    model, card = load_classifier(folder)
    source, _ = load_classifier(trials / arguments.source)
    data = read_data(arguments.run / "assets", torch.device("cpu")).ranking
    data = at_most(data, arguments.images)
    settings = read_manifest(RunFolder(arguments.run)).settings
    score, eps = settings.get("score") or headline(card.task), with_greater(settings["eps"])
    curves = measure(model, source, data, card.task, eps, score)
    print(json.dumps(card.provenance["config"]))
    print(f"| {score} at eps | " + " | ".join(curves) + " |")
    print("| --- |" + " --- |" * len(curves))
    for row, radius in enumerate(eps):
        cells = " | ".join(f"{curve[row]:.3f}" for curve in curves.values())
        print(f"| {255 * radius:.3g}/255 | {cells} |")


if __name__ == "__main__":
    main()
