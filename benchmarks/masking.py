"""Look for gradient masking in a model of a run: do stronger attacks break more?

Prints a Markdown table of the accuracy on the ranking images. From left to right the attacks become
stronger, so accuracy should only fall; the last two do not use the model's gradient and so should
be weaker:

    python benchmarks/masking.py RUN [--trial TRIAL] [--source BASELINE_TRIAL]
"""

import argparse
import json
from pathlib import Path

import torch

from trainables.attacks.apgd import APGD
from trainables.attacks.attack import Attack
from trainables.attacks.evaluation import evaluate
from trainables.attacks.gradient import FGSM, PGD
from trainables.attacks.square import Square
from trainables.attacks.transfer import Transfer
from trainables.classification.assets import read_data
from trainables.data.task import Task
from trainables.losses.likelihood import likelihood_loss, margin
from trainables.models.classifiers import Classifier
from trainables.saved.checkpoint import load_classifier

EPS = (2 / 255, 4 / 255, 8 / 255)


def attacks(task: Task, source: Classifier) -> dict[str, Attack]:
    """List white-box attacks, weakest first, then those without the model's gradient."""
    loss = likelihood_loss(task)
    return {
        "FGSM": FGSM(loss=loss),
        "PGD-10": PGD(loss=loss),
        "PGD-50": PGD(loss=loss, steps=50),
        "APGD-100": APGD(loss=loss),
        "Square-1000": Square(loss=margin),
        "transfer": Transfer(source=source, attack=PGD(loss=loss, steps=50)),
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
    data = read_data(arguments.run / "assets", torch.device("cpu")).ranking
    images = data.images.float() / 255
    columns = attacks(card.task, source)
    print(json.dumps(card.provenance["config"]))
    print("| eps | " + " | ".join(columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    curves = [
        evaluate(model, images, data.labels, card.task, attack, EPS, seed=0).curve("acc")
        for attack in columns.values()
    ]
    for row, eps in enumerate(EPS):
        cells = " | ".join(f"{curve[row]:.3f}" for curve in curves)
        print(f"| {255 * eps:g}/255 | {cells} |")


if __name__ == "__main__":
    main()
