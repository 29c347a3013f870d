"""What a CNN learns from the phantom's two cues, with and without adversarial training.

Prints the table of `trainables.data.phantoms.lesions`: balanced accuracy on images that
train nothing, clean and under PGD, where both cues tell the class or one of them is drawn by lot:

    python benchmarks/phantom.py [--seeds 2] [--images 120] [--epochs 27]
"""

import argparse

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trainables.attacks.evaluation import evaluate
from trainables.attacks.registry import build_attack
from trainables.attacks.threat import pixels
from trainables.data.phantoms import lesions as phantom
from trainables.data.phantoms.cues import STRAY
from trainables.losses.likelihood import likelihood_loss
from trainables.models.classifiers import Classifier, build_classifier

GREYS = (1, 2, 4, 8)
EPS = (0.0, *(grey / 255 for grey in GREYS))
TRAIN_EPS, TRAIN_STEPS = 4 / 255, 5  # of adversarial training
TESTED, SIZE, BATCH = 480, 28, 32
LOSS = likelihood_loss(phantom.TASK)
Rows = npt.NDArray[np.int64]
# What is drawn: which cue tells the class, and how the classifier is trained.
ROWS = {
    "both cues": ("both", False),
    "lesions alone": ("lesions", False),
    "stripes alone": ("stripes", False),
    "both, adversarially": ("both", True),
    "lesions, adversarially": ("lesions", True),
}


def make(count: int, cue: str, seed: int) -> tuple[Tensor, Tensor]:
    """Draw images (N, 1, H, W) and labels; a cue that is not the one named is drawn by lot."""
    generator = np.random.Generator(np.random.PCG64([seed, 17]))
    labels = np.arange(count) % len(phantom.CLASSES)
    lot: Rows = generator.integers(0, len(phantom.CLASSES), count)
    stray = generator.random(count) < STRAY
    lesions = lot if cue == "stripes" else labels
    stripes = {"both": np.where(stray, lot, labels), "stripes": labels, "lesions": lot}[cue]
    images = phantom.draw(lesions, stripes, SIZE, generator)
    return torch.from_numpy(images).movedim(-1, 1).float() / 255, torch.from_numpy(labels)


def train(images: Tensor, labels: Tensor, epochs: int, *, adversarial: bool) -> Classifier:
    """Train a CNN by Adam, on attacked images where asked to."""
    classifier = build_classifier("cnn", 1, (SIZE, SIZE), len(phantom.CLASSES))
    optimiser = torch.optim.Adam(classifier.parameters(), lr=1e-3)
    attack, threat = build_attack("pgd", phantom.TASK, TRAIN_STEPS), pixels(TRAIN_EPS)
    for epoch in range(epochs):
        for rows in torch.randperm(len(images)).split(BATCH):
            batch = images[rows]
            if adversarial:
                batch = attack(classifier, batch, labels[rows], threat, epoch)
            classifier.train()
            loss = LOSS(classifier(batch), labels[rows]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return classifier


def score(classifier: Classifier, cue: str, seed: int) -> list[float]:
    """Measure balanced accuracy at each radius of `EPS`, on images where a cue tells the class."""
    images, labels = make(TESTED, cue, seed + 1000)
    attack = build_attack("pgd", phantom.TASK)
    report = evaluate(classifier, images, labels, phantom.TASK, attack, EPS, seed=seed)
    return report.curve("bacc").tolist()


def main() -> None:
    """Print the table, means over seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--images", type=int, default=120)
    parser.add_argument("--epochs", type=int, default=27)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    heads = ["clean", *(f"PGD {grey}/255" for grey in GREYS), "by lesions", "by stripes"]
    print(f"| trained on | {' | '.join(heads)} |\n| --- |" + " --- |" * len(heads))
    for name, (cue, adversarial) in ROWS.items():
        rows = []
        for seed in range(arguments.seeds):
            torch.manual_seed(seed)
            images, labels = make(arguments.images, cue, seed)
            classifier = train(images, labels, arguments.epochs, adversarial=adversarial)
            single = [score(classifier, alone, seed)[0] for alone in ("lesions", "stripes")]
            rows.append(score(classifier, cue, seed) + single)
        cells = " | ".join(f"{value:.2f}" for value in np.mean(rows, axis=0))
        print(f"| {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
