"""Whether honest networks have a sign of a masked gradient at attacked images.

For each run the greatest number of ranking images, attacked as `guards` attacks them, at which any
network that it trained has a wrong slope, or a gradient that denies every change:

    python benchmarks/attacked_signs.py RUN [RUN ...]
"""

import argparse
from pathlib import Path

import torch

from trainables.attacks.registry import build_attack
from trainables.attacks.signs.gradients import misled, vanishing
from trainables.attacks.threat import pixels
from trainables.classification.assets import LabelledImages, evenly, read_data
from trainables.classification.audit import FEW_STEPS
from trainables.models.classifiers import Classifier
from trainables.saved.checkpoint import load_classifier

RADII = (2 / 255, 8 / 255)


def signs(model: Classifier, data: LabelledImages, radius: float) -> tuple[int, int]:
    """Count the attacked images with a wrong slope, and those with no gradient.

    Args:
        model: Of one label an image.
        data: N images.
        radius: Of the attack, in pixels of [0, 1].
    """
    attack = build_attack("pgd", "multi-class", FEW_STEPS)
    images = attack(model, data.images.float() / 255, data.labels, pixels(radius), 0)
    wrong = misled(model, images, data.labels, seed=0)
    return int(wrong.sum()), int(vanishing(model, images, data.labels).sum())


def main() -> None:
    """Print a line for each run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--images", type=int, default=64)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for run in arguments.runs:
        data = evenly(read_data(run / "assets", torch.device("cpu")).ranking, arguments.images)
        folders = sorted(path.parent for path in run.glob("trials/*/model.safetensors"))
        counts = [
            signs(load_classifier(folder)[0], data, radius)
            for folder in folders
            for radius in RADII
        ]
        slopes, lost = (max(numbers) for numbers in zip(*counts, strict=True))
        print(
            f"{run.name}: {len(folders)} networks, of {len(data)} images at most {slopes} with a "
            f"wrong slope and {lost} without a gradient",
            flush=True,
        )


if __name__ == "__main__":
    main()
