"""What truncation leaves of the variety of a run's generators.

    python benchmarks/truncation.py RUN --generators dcgan --truncations 1 0.75 0.5

RUN is of the study gansplit. Measured as every run measures its generators, beside val.
"""

import argparse
from pathlib import Path

import torch

from trainables.classification.assets import read_splits
from trainables.generative.gan_training import Labelled
from trainables.generative.image_generator import GENERATOR
from trainables.generative.quality import measure_quality
from trainables.saved.frozen import read
from trainables.studies.gansplit.critic import CRITIC

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
    train, val = (
        Labelled(part.images, part.labels, len(data.classes)) for part in (data.train, data.val)
    )
    critic = read(CRITIC, assets / "critic.safetensors", CPU).classifier
    for name in arguments.generators:
        generator = read(GENERATOR, assets / f"{name}.safetensors", CPU)
        for truncation in arguments.truncations:
            quality = measure_quality(generator, critic, train, val, 0, truncation=truncation)
            recalls = ", ".join(
                f"{data.classes[label]} {drawn.value:.2f} (training images {beside.value:.2f})"
                for label, (drawn, beside) in quality.recalls.items()
            )
            print(f"{name}, {truncation:g}: recall of {recalls}; spread {quality.spread:.2f}")


if __name__ == "__main__":
    main()
