"""What truncation leaves of the variety of a run's generators, class by class.

    python benchmarks/truncation.py RUN --generators dcgan --truncations 1 0.75 0.5

RUN is of the study gansplit. Recall and spread of 300 images of each class, beside val.
"""

import argparse
from pathlib import Path

import torch

from trainables.classification.assets import read_splits
from trainables.generative.features import random_features
from trainables.generative.image_generator import GENERATOR, ImageGenerator
from trainables.generative.quality import to_pixels
from trainables.metrics.generated.features import Standardiser
from trainables.metrics.generated.manifold import compare_manifolds
from trainables.metrics.generated.variety import spread_ratio
from trainables.saved.frozen import read

IMAGES = 300
CPU = torch.device("cpu")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--generators", nargs="+", default=["dcgan"])
    parser.add_argument("--truncations", nargs="+", type=float, default=[1.0, 0.75, 0.5])
    arguments = parser.parse_args()
    assets = arguments.run / "assets"
    data = read_splits(assets, "cpu", 0)
    for name in arguments.generators:
        generator = read(GENERATOR, assets / f"{name}.safetensors", CPU)
        for label, kind in enumerate(data.classes):
            parts = [part.images[part.labels == label] for part in (data.train, data.val)]
            for truncation in arguments.truncations:
                words = variety(generator, label, truncation, *parts)
                print(f"{name}, {kind}, {truncation:g}: {words}")


def variety(
    generator: ImageGenerator,
    label: int,
    truncation: float,
    train: torch.Tensor,
    held_out: torch.Tensor,
) -> str:
    """Compare a generator's images of a class with training and held-out ones."""
    features = random_features(train.shape[1], CPU)
    standardise = Standardiser.of(features(train))
    real = standardise(features(held_out))
    images = generator.draw(label, IMAGES, seed=0, truncation=truncation)
    recalls = [
        compare_manifolds(real, standardise(features(each))).recall.value
        for each in (images, train[:IMAGES])
    ]
    drawn, authentic = (
        (to_pixels(each), torch.zeros(len(each), dtype=torch.int64).numpy())
        for each in (images, train)
    )
    spread = spread_ratio(drawn, authentic)
    return f"recall {recalls[0]:.2f} (training images {recalls[1]:.2f}), spread {spread:.2f}"


if __name__ == "__main__":
    main()
