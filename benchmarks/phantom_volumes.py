"""What a 3-D CNN reads of phantom3d: the pattern, or the number of balls.

Trains on both cues, on the balls alone, and on both against attacks; measures balanced accuracy
clean and under PGD, and where one of the two cues is drawn by lot:

    python benchmarks/phantom_volumes.py [--volumes 200] [--epochs 14] [--device cuda]
"""

import argparse

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trainables.attacks.evaluation import evaluate
from trainables.attacks.gradient import PGD
from trainables.attacks.threat import pixels
from trainables.data.phantoms import balls as phantom
from trainables.data.phantoms.cues import STRAY
from trainables.losses.likelihood import likelihood_loss
from trainables.models.classifiers import Classifier, build_classifier

GREYS = (1, 2, 4)
EPS = (0.0, *(grey / 255 for grey in GREYS))
TRAIN_EPS, TRAIN_STEPS = 2 / 255, 3  # of adversarial training, which also trains twice as long
TESTED, SIZE, BATCH = 120, 28, 32
LOSS = likelihood_loss(phantom.TASK)
Rows = npt.NDArray[np.int64]
# What tells the class of the training volumes, and how the classifier is trained.
ROWS = {
    "both cues": ("both", False),
    "balls alone": ("balls", False),
    "both, adversarially": ("both", True),
}


def make(count: int, cue: str, seed: int) -> tuple[Tensor, Tensor]:
    """Draw volumes (N, 1, D, H, W) and labels; a cue that is not the one named is drawn by lot."""
    generator = np.random.Generator(np.random.PCG64([seed, 17]))
    labels = np.arange(count) % len(phantom.CLASSES)
    lot: Rows = generator.integers(0, len(phantom.CLASSES), count)
    stray = generator.random(count) < STRAY
    shapes = lot if cue == "pattern" else labels
    patterns = {"both": np.where(stray, lot, labels), "pattern": labels, "balls": lot}[cue]
    volumes = phantom.draw(shapes, patterns, SIZE, generator)
    return torch.from_numpy(volumes).movedim(-1, 1), torch.from_numpy(labels)


def train(volumes: Tensor, labels: Tensor, epochs: int, *, adversarial: bool) -> Classifier:
    """Train the small CNN by Adam, on attacked volumes where asked to."""
    shape = tuple(volumes.shape[2:])
    classifier = build_classifier("cnn", 1, shape, len(phantom.CLASSES)).to(volumes.device)
    optimiser = torch.optim.Adam(classifier.parameters(), lr=1e-3)
    attack, threat = PGD(steps=TRAIN_STEPS), pixels(TRAIN_EPS)
    for epoch in range(epochs * (2 if adversarial else 1)):
        for rows in torch.randperm(len(volumes)).split(BATCH):
            batch = volumes[rows].float() / 255
            if adversarial:
                batch = attack(classifier, batch, labels[rows], threat, epoch)
            classifier.train()
            loss = LOSS(classifier(batch), labels[rows]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return classifier


def score(classifier: Classifier, cue: str, seed: int, eps: tuple[float, ...]) -> list[float]:
    """Measure balanced accuracy at each radius, on volumes where a cue tells the class.

    Args:
        classifier: Trained.
        cue: ``both``, ``balls`` or ``pattern``.
        seed: Of the volumes.
        eps: Radii, rising from 0.
    """
    device = classifier.head.weight.device
    volumes, labels = (part.to(device) for part in make(TESTED, cue, seed + 1000))
    images = volumes.float() / 255
    report = evaluate(classifier, images, labels, phantom.TASK, PGD(), eps, seed=seed)
    return report.curve("bacc").tolist()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--volumes", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    heads = ["clean", *(f"PGD {grey}/255" for grey in GREYS), "by balls", "by pattern"]
    print(f"| trained on | {' | '.join(heads)} |\n| --- |" + " --- |" * len(heads))
    for name, (cue, adversarial) in ROWS.items():
        rows = []
        for seed in range(arguments.seeds):
            torch.manual_seed(seed)
            volumes, labels = (
                part.to(arguments.device) for part in make(arguments.volumes, cue, seed)
            )
            classifier = train(volumes, labels, arguments.epochs, adversarial=adversarial)
            single = [score(classifier, alone, seed, (0.0,))[0] for alone in ("balls", "pattern")]
            rows.append(score(classifier, cue, seed, EPS) + single)
        cells = " | ".join(f"{value:.2f}" for value in np.mean(rows, axis=0))
        print(f"| {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
