"""Memory that trials take on a CPU, beside the prediction made before they start.

    python benchmarks/memory.py robmednas
    python benchmarks/memory.py tsynd

Each case is a process of its own: it trains one step, then attacks one full batch by two steps of
PGD, on noise. The measurement is the greatest growth of its resident memory (``VmHWM`` of Linux,
reset between the two), so that scratch space of the libraries counts.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from searchspace.unet import PAPER_BEST, cost_of, handcrafted, parse_network
from trainables.attacks.threat import pixels
from trainables.classification.assets import Data as Images
from trainables.classification.assets import LabelledImages
from trainables.classification.memory import need_of as need_of_classifier
from trainables.classification.trial import ClassifierTrial
from trainables.data.medmnist import table
from trainables.generative.autoencoder import AutoencoderSettings
from trainables.generative.frozen_autoencoder import FrozenAutoencoder
from trainables.models.autoencoder import VQVAE
from trainables.runtime.memory import GIB, Need
from trainables.studies.robmednas.settings import RobMedNASConfig
from trainables.studies.robmednas.study import RobMedNAS
from trainables.studies.tsynd.assets import Codes
from trainables.studies.tsynd.learner import TSynDLearner
from trainables.studies.tsynd.memory import count_autoencoder
from trainables.studies.tsynd.settings import TSynDConfig
from trainables.studies.tsynd.study import TSynD
from trainables.synthesis.preparation.assets import Data
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import Split, SubjectSlices
from trainables.synthesis.trial import SynthesisTrial, need_of

tsynd = TSynD()
robmednas = RobMedNAS()

STEPS = 2  # of PGD
BIG = str(handcrafted(256, 4))
USUAL = str(handcrafted(32, 4))
DEEP = " ".join(["0010x32s4"] * 5)
NETWORKS = [  # name, architecture, pixels, batch, precision
    ("two levels of 8 filters", "0110x8s4 0100x8 | 0100x8 1000x8", 64, 6, "fp32"),
    ("two levels of 8 filters", "0110x8s4 0100x8 | 0100x8 1000x8", 64, 64, "fp32"),
    ("one level of 32", "1111x32 | 1111x32", 64, 6, "fp32"),
    ("baseline, to 32", USUAL, 64, 6, "fp32"),
    ("baseline, to 32", USUAL, 64, 6, "bf16"),
    ("baseline, to 32", USUAL, 64, 32, "fp32"),
    ("five levels of 32", f"{DEEP} | {DEEP}", 64, 32, "fp32"),
    ("baseline, to 32", USUAL, 256, 6, "fp32"),
    ("baseline, to 128", BIG, 256, 2, "fp32"),
    ("baseline, to 128", BIG, 256, 6, "fp32"),
    ("baseline, to 128", BIG, 256, 6, "bf16"),
    ("the paper's best", PAPER_BEST, 128, 6, "fp32"),
    ("the paper's best", PAPER_BEST, 256, 2, "fp32"),
    ("one level of 256", "1111x256 | 1111x256", 128, 6, "fp32"),
]
CLASSIFIERS = [  # classifier, pixels, limit in GiB
    ("cnn", 28, 4.0),
    ("cnn", 224, 4.0),
    ("resnet18-16", 28, 4.0),
    ("resnet18-16", 64, 4.0),
    ("resnet18", 28, 4.0),
    ("resnet18", 64, 2.0),
    ("densenet", 28, 2.0),
    ("densenet", 64, 2.0),
]


def resident(field: str) -> float:
    """Read ``VmRSS`` or ``VmHWM``, in GiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024 / GIB
    raise SystemExit("this benchmark needs Linux")


def growth(base: float, work: Callable[[], object]) -> float:
    """Return the peak of resident memory during work, less a base, in GiB."""
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM to the memory in use
    work()
    return resident("VmHWM") - base


def noise(slices: int, size: int) -> Split:
    """Make a subject of noise."""
    generator, shape = np.random.default_rng(0), (slices, size, size)
    mr = generator.standard_normal(shape, dtype=np.float32).astype(np.float16)
    ct = generator.integers(-1000, 1500, shape, dtype=np.int16)
    return Split((SubjectSlices("noise", mr, ct, np.ones(shape, dtype=bool)),))


def network(architecture: str, size: int, batch: int, precision: str) -> dict[str, Any]:
    """Train and attack one U-Net in this process.

    Args:
        architecture: As `searchspace.unet` writes it.
        size: Of the slices, in pixels.
        batch: Slices of a training step.
        precision: Of training.
    """
    settings = robmednas.parse_settings(
        {"size": size, "precision": precision, "device": "cpu", "max_memory": "none"}
    )
    config = RobMedNASConfig(architecture=architecture, batch_size=batch)
    sample = noise(2, size)
    price = cost_of(parse_network(architecture), config.kernels, size)

    def make(data: Data) -> SynthesisTrial:
        return SynthesisTrial(
            study="robmednas", config=config, settings=settings, data=data, cost=price
        )

    probe = make(Data(sample, sample, sample))
    ranking = noise(probe.measurement.batch_size, size)
    base = resident("VmRSS")
    trial = make(Data(noise(batch, size), sample, ranking))
    training = growth(base, trial.step)

    def attack() -> None:
        mr, ct = ranking.batch(range(len(ranking)), trial.device)
        with trial.at_best():
            attacks = replace(trial.measurement, attack="pgd", steps=STEPS).build("pgd")
            numbers = torch.arange(len(ranking))
            WorstOf(trial.network, ranking, attacks, 0.1, seed=0)(mr, ct, numbers)

    attacking = len(ranking), growth(base, attack)
    return cells_of(need_of(trial.cost), base, (batch, training), attacking)


def classifier(name: str, size: int, limit: float) -> dict[str, Any]:
    """Train and attack one classifier in this process, with TSynD's ascent.

    Args:
        name: Of the classifier.
        size: Of the images, in pixels.
        limit: GiB, to which the attacked batch is cut.
    """
    settings = tsynd.parse_settings(
        {"dataset": "pathmnist", "classifier": name, "size": size, "device": "cpu",
         "max_memory": limit}
    )  # fmt: skip
    config = TSynDConfig(latent_iterations=2)
    half_batch, classes = config.batch_size // 2, table()["pathmnist"].classes
    images = torch.randint(256, (256, 3, size, size), dtype=torch.uint8)
    labels = torch.arange(256) % len(classes)
    train, val = (
        LabelledImages(images[:half_batch], labels[:half_batch]),
        LabelledImages(images[:8], labels[:8]),
    )
    autoencoder = VQVAE(3, size).eval().requires_grad_(requires_grad=False)
    with torch.no_grad():
        codes = autoencoder.quantise(train.images.float() / 255)
    data = Images("multi-class", classes, train, val, LabelledImages(images, labels))
    frozen = FrozenAutoencoder(
        model=autoencoder,
        latent_std=1.0,
        settings=AutoencoderSettings(),
        channels=3,
        size=size,
        digest="",
    )
    need = need_of_classifier(name, 3, size, count_autoencoder)
    base = resident("VmRSS")
    trial = ClassifierTrial(
        study="tsynd",
        config=config,
        settings=settings,
        data=data,
        make_learner=lambda lesson: TSynDLearner(config, lesson, Codes(frozen, codes)),
        need=need,
    )
    training = growth(base, trial.step)
    batch = trial.measurement.batch_size

    def attack() -> None:
        with trial.at_best():
            pgd = replace(trial.measurement, attack="pgd", steps=STEPS).build("pgd")
            batch_images = images[:batch].float() / 255
            pgd(trial.classifier, batch_images, labels[:batch], pixels(0.1), 0)

    return cells_of(need, base, (config.batch_size, training), (batch, growth(base, attack)))


def cells_of(
    need: Need, base: float, training: tuple[int, float], attack: tuple[int, float]
) -> dict[str, Any]:
    """Put the numbers of one case into cells.

    Args:
        need: As predicted.
        base: GiB of the process before the trial.
        training: Batch, and GiB by which the process grew.
        attack: The same.
    """
    cells: dict[str, Any] = {"process": base}
    for name, (batch, gib) in {"training": training, "attack": attack}.items():
        cells[name] = {"batch": batch, "measured": gib, "predicted": need.gib(batch)}
    return cells


def show(names: tuple[object, ...], cells: dict[str, Any]) -> None:
    """Print a row of the table, in GiB."""
    row = [str(name) for name in names]
    for part in (cells["training"], cells["attack"]):
        share = part["measured"] / part["predicted"]
        row += [str(part["batch"]), f"{part['measured']:.2f}"]
        row += [f"{part['predicted']:.2f}", f"{share:.2f}"]
    print(f"| {' | '.join(row)} | {cells['process']:.2f} |", flush=True)


def main() -> None:
    """Measure every case of a study, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", choices=["robmednas", "tsynd"])
    parser.add_argument("--case", type=int, help="run this case alone, in this process; print JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cases: list[Any] = NETWORKS if arguments.study == "robmednas" else CLASSIFIERS
    if arguments.case is not None:
        case = cases[arguments.case]
        print(json.dumps(network(*case[1:]) if cases is NETWORKS else classifier(*case)))
        return
    for number, case in enumerate(cases):
        command = [sys.executable, __file__, arguments.study, "--case", str(number)]
        process = subprocess.run(command, capture_output=True, text=True, check=True)
        names = (case[0], *case[2:3], case[4]) if cases is NETWORKS else case
        show(names, json.loads(process.stdout))


if __name__ == "__main__":
    main()
