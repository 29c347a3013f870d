"""Which of the phantom's two cues networks of the nonrobust study read.

The lesions are the robust cue, the stripes the brittle one. Networks are trained as references of
`python -m search nonrobust`, and scored on images that train nothing: both cues, under PGD, and
with one cue drawn by lot. What a network scores there above chance, as a share of what a perfect
answer has, is its share of the other cue. Ends in the table of docs/nonrobust.md:

    python benchmarks/nonrobust_cues.py [--fraction 0.25] [--epochs 30] [--seeds 2] [--out DIR]

What was trained is kept in DIR: the same command goes on where it was stopped.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from trainables.attacks.evaluation import evaluate, predict_logits
from trainables.attacks.gradient import PGD
from trainables.data.phantoms import lesions as phantom
from trainables.data.phantoms.cues import STRAY
from trainables.metrics.classification import mean_recall
from trainables.models.classifiers import Classifier
from trainables.runtime.arrays import Floats64
from trainables.studies.nonrobust.study import Nonrobust

COUNT, CHANCE = 480, 1 / 3
EPS = (0.0, 1 / 255, 2 / 255, 4 / 255)
HEADS = ("clean", "1/255", "2/255", "4/255", "share of lesions", "share of stripes")
SKIPPED = ("half", "trades published")  # of the references, for time


def draw(cue: str) -> tuple[Tensor, Tensor]:
    """Draw images (N, 1, 28, 28) and labels; a cue other than the one named is drawn by lot."""
    random = np.random.Generator(np.random.PCG64([1000, 17]))
    labels = np.arange(COUNT) % 3
    lot, stray = random.integers(0, 3, COUNT), random.random(COUNT) < STRAY
    stripes = {"both": np.where(stray, lot, labels), "stripes": labels, "lesions": lot}[cue]
    images = phantom.draw(lot if cue == "stripes" else labels, stripes, 28, random)
    return torch.from_numpy(images).movedim(-1, 1).float() / 255, torch.from_numpy(labels)


def score(network: Classifier) -> list[float]:
    """Return balanced accuracies at `EPS`, then the shares of lesions and of stripes."""
    images, labels = draw("both")
    curve: Floats64 = evaluate(
        network, images, labels, phantom.TASK, PGD(), EPS, seed=0, skip_broken=True
    ).curve("bacc")
    shares = []
    for cue in ("lesions", "stripes"):
        images, labels = draw(cue)
        right = (predict_logits(network, images).argmax(dim=1) == labels).numpy()
        shares.append((float(mean_recall(right, labels.numpy())) - CHANCE) / (1 - CHANCE))
    return [*curve.tolist(), *shares]


def train(folder: Path, fraction: float, epochs: int, seed: int) -> dict[str, list[float]]:
    """Train and score the references of a seed, as far as that was not done before."""
    study, file = Nonrobust(), folder / f"scores-{seed}.json"
    settings = study.parse_settings(
        {
            "fraction": fraction, "epochs": epochs, "seed": seed, "eps": "0,4/255", "device": "cpu",
            "sets": "random,deterministic,robust-source", "cache": folder / "cache", "untrained": 3,
        }
    )  # fmt: skip
    assets = folder / f"assets-{seed}"
    if not (folder / f"facts-{seed}.json").is_file():
        assets.mkdir(parents=True, exist_ok=True)
        facts = study.prepare(settings, assets, lambda line: print(line, flush=True))
        (folder / f"facts-{seed}.json").write_text(json.dumps(list(facts.lines), indent=2))
    scores: dict[str, list[float]] = json.loads(file.read_text()) if file.is_file() else {}
    for reference in study.references(settings):
        if reference.label in scores or reference.label in SKIPPED:
            continue
        trial = study.build(reference.config, settings, assets)
        trial.train(settings.epochs)
        with trial.at_best():
            scores[reference.label] = score(trial.classifier)
        file.write_text(json.dumps(scores, indent=2))
        print(f"seed {seed}: {reference.label} {np.round(scores[reference.label], 3)}", flush=True)
    return scores


def main() -> None:
    """Print the table, means over seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fraction", type=float, default=0.25)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("nonrobust-cues"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    seeds = [
        train(arguments.out, arguments.fraction, arguments.epochs, seed)
        for seed in range(arguments.seeds)
    ]
    print(f"| trained on | {' | '.join(HEADS)} |\n| --- |" + " --- |" * len(HEADS))
    for label in seeds[0]:
        means = np.mean([scores[label] for scores in seeds], axis=0)
        print(f"| {label} | {' | '.join(f'{value:.2f}' for value in means)} |")


if __name__ == "__main__":
    main()
