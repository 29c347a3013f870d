"""What each attack of an ensemble costs for an image that withstands it.

    python benchmarks/ensemble_seconds.py --classifier cnn --attacks standard

In milliseconds on one thread, and in gradient steps of the same classifier on the same images.
"""

import argparse
from time import perf_counter

import torch

from trainables.attacks.attack import Attack
from trainables.attacks.gradient import PGD
from trainables.attacks.presets import ENSEMBLES, build_ensemble
from trainables.attacks.threat import pixels
from trainables.models.classifiers import BODIES, Classifier, build_classifier

STEPS = 100


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classifier", choices=list(BODIES), default="cnn")
    parser.add_argument("--attacks", choices=list(ENSEMBLES), default="standard")
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--images", type=int, default=16)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = build_classifier(arguments.classifier, 1, (28, 28), arguments.classes).eval()
    images = torch.rand(arguments.images, 1, 28, 28) / 2 + 0.25
    step = seconds(PGD(steps=STEPS), model, images) / STEPS
    print(f"a gradient step: {1000 * step:.2f} ms an image")
    task = "binary" if arguments.classes == 2 else "multi-class"
    for name, attack in build_ensemble(arguments.attacks, task).items():
        duration = seconds(attack, model, images)
        steps = duration / step
        print(f"{name}: {1000 * duration:.0f} ms an image, as long as {steps:.0f} steps")


def seconds(attack: Attack, model: Classifier, images: torch.Tensor) -> float:
    """Attack within a radius too small to break anything; return seconds an image."""
    with torch.no_grad():
        labels = model(images).argmax(dim=1)
    start = perf_counter()
    adversarial = attack(model, images, labels, pixels(1e-7), seed=0)
    duration = perf_counter() - start
    with torch.no_grad():
        accuracy = (model(adversarial).argmax(dim=1) == labels).float().mean()
    if accuracy < 1:
        raise SystemExit(f"only {accuracy:.0%} of the images withstood: the seconds do not count")
    return duration / len(images)


if __name__ == "__main__":
    main()
