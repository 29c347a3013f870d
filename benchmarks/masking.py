"""Look for gradient masking in a model of a run: do stronger attacks break more?

Prints a Markdown table of the accuracy on the ranking images. From left to right the attacks become
stronger, so accuracy should only fall; the last two do not use the model's gradient and so should
be weaker. The radii are the run's own, and its greatest times 2, 4 and 8; the attacks are those of
the product, so logits of any scale are attacked alike:

    python benchmarks/masking.py RUN [--trial TRIAL] [--source BASELINE_TRIAL]
"""

import argparse
import json
from pathlib import Path

import torch

from trainables.attacks.attack import Attack
from trainables.attacks.evaluation import evaluate
from trainables.attacks.registry import build_attack
from trainables.attacks.transfer import Transfer
from trainables.classification.assets import read_data
from trainables.data.task import Task
from trainables.models.classifiers import Classifier
from trainables.saved.checkpoint import load_classifier

BEYOND = (2, 4, 8)  # times the greatest radius of the run


def attacks(task: Task, source: Classifier) -> dict[str, Attack]:
    """List white-box attacks, weakest first, then those without the model's gradient."""
    strong = build_attack("pgd", task, steps=50)
    return {
        "FGSM": build_attack("fgsm", task),
        "PGD-10": build_attack("pgd", task, steps=10),
        "PGD-50": strong,
        "APGD-100": build_attack("apgd-ce", task, steps=100),
        "Square-1000": build_attack("square", task, steps=1000),
        "transfer": Transfer(source=source, attack=strong),
    }


def main() -> None:
    """Print the table of a run's trial."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--trial", help="a folder of RUN/trials; the winner by default")
    parser.add_argument("--source", default="r01", help="the trial that transfer attacks use")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    trials = arguments.run / "trials"
    folder = trials / arguments.trial if arguments.trial else arguments.run / "best"
    model, card = load_classifier(folder)
    source, _ = load_classifier(trials / arguments.source)
    manifest = json.loads((arguments.run / "manifest.json").read_text(encoding="utf-8"))
    radii = [radius for radius in manifest["settings"]["eps"] if radius > 0]
    eps = (*radii, *(radii[-1] * factor for factor in BEYOND))
    data = read_data(arguments.run / "assets", torch.device("cpu")).ranking
    images = data.images.float() / 255
    columns = attacks(card.task, source)
    print(json.dumps(card.provenance["config"]))
    print("| eps | " + " | ".join(columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    curves = [
        evaluate(model, images, data.labels, card.task, attack, eps, seed=0).curve("acc")
        for attack in columns.values()
    ]
    for row, radius in enumerate(eps):
        cells = " | ".join(f"{curve[row]:.3f}" for curve in curves)
        print(f"| {255 * radius:.3g}/255 | {cells} |")


if __name__ == "__main__":
    main()
