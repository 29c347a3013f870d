"""Memory that trials take on a CPU, beside what is predicted before they start.

    python benchmarks/memory.py robmednas
    python benchmarks/memory.py tsynd

Each case is a process of its own: it trains one step, then attacks one full batch by two steps of
PGD, on noise. Measured is by how much its resident memory grew at most (``VmHWM`` of Linux, reset
between the two), so that scratch space of the libraries counts.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from trainables.studies.tsynd.trial import Shared, TSynDTrial

from searchspace.unet import PAPER_BEST, handcrafted
from trainables.attacks.threat import mr_deviations, pixels
from trainables.classification.assets import Data as Images
from trainables.classification.assets import LabelledImages
from trainables.classification.memory import need_of as need_of_classifier
from trainables.data.medmnist import table
from trainables.generative.autoencoder import AutoencoderSettings
from trainables.generative.frozen_autoencoder import FrozenAutoencoder
from trainables.models.autoencoder import VQVAE
from trainables.runtime.memory import GIB, Need
from trainables.studies.robmednas.settings import RobMedNASConfig
from trainables.studies.robmednas.study import RobMedNAS
from trainables.studies.robmednas.trial import RobMedNASTrial, need_of
from trainables.studies.tsynd.settings import TSynDConfig
from trainables.studies.tsynd.study import TSynD
from trainables.synthesis.assets import Data
from trainables.synthesis.slices import Split, SubjectSlices

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


def grown(before: float, work: Callable[[], object]) -> float:
    """Return the most that is resident during work, over what was before."""
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins at what is resident now
    work()
    return resident("VmHWM") - before


def noise(slices: int, size: int) -> Split:
    """Make a subject of noise."""
    dice, shape = np.random.default_rng(0), (slices, size, size)
    mr = dice.standard_normal(shape, dtype=np.float32).astype(np.float16)
    ct = dice.integers(-1000, 1500, shape, dtype=np.int16)
    return Split((SubjectSlices("noise", mr, ct, np.ones(shape, dtype=bool)),))


def network(architecture: str, size: int, batch: int, precision: str) -> dict[str, Any]:
    """Train and attack one U-Net in this process."""
    settings = robmednas.parse_settings(
        {"size": size, "precision": precision, "device": "cpu", "max_memory": "none"}
    )
    config = RobMedNASConfig(architecture=architecture, batch_size=batch)
    few = noise(2, size)
    at_once = RobMedNASTrial(config, settings, Data(few, few, few)).measurement.batch_size
    attacked = noise(at_once, size)
    before = resident("VmRSS")
    trial = RobMedNASTrial(config, settings, Data(noise(batch, size), few, attacked))
    training = grown(before, trial.step)

    def attack() -> None:
        mr, ct = attacked.batch(range(len(attacked)), trial.device)
        with trial.at_best():
            pgd = replace(trial.measurement, attack="pgd", steps=STEPS).build("pgd")
            pgd(trial.network, mr, ct, mr_deviations(0.1), 0)

    attacking = len(attacked), grown(before, attack)
    return found(need_of(trial.cost), before, (batch, training), attacking)


def classifier(name: str, size: int, limit: float) -> dict[str, Any]:
    """Train and attack one classifier in this process, with TSynD's ascent."""
    settings = tsynd.parse_settings(
        {"dataset": "pathmnist", "classifier": name, "size": size, "device": "cpu",
         "max_memory": limit}
    )  # fmt: skip
    config = TSynDConfig(latent_iterations=2)
    few, classes = config.batch_size // 2, table()["pathmnist"].classes
    images = torch.randint(256, (256, 3, size, size), dtype=torch.uint8)
    labels = torch.arange(256) % len(classes)
    train, val = LabelledImages(images[:few], labels[:few]), LabelledImages(images[:8], labels[:8])
    autoencoder = VQVAE(3, size).eval().requires_grad_(requires_grad=False)
    with torch.no_grad():
        codes = autoencoder.quantise(train.images.float() / 255)
    data = Images("multi-class", classes, train, val, LabelledImages(images, labels))
    frozen = FrozenAutoencoder(autoencoder, 1.0, AutoencoderSettings(), 3, size, "")
    before = resident("VmRSS")
    trial = TSynDTrial(config, settings, Shared(data, codes, frozen))
    training = grown(before, trial.step)
    batch = trial.measurement.batch_size

    def attack() -> None:
        with trial.at_best():
            pgd = replace(trial.measurement, attack="pgd", steps=STEPS).build("pgd")
            shown = images[:batch].float() / 255
            pgd(trial.classifier, shown, labels[:batch], pixels(0.1), 0)

    need = need_of_classifier(name, "pathmnist", size)
    return found(need, before, (config.batch_size, training), (batch, grown(before, attack)))


def found(
    need: Need, before: float, trained: tuple[int, float], attacked: tuple[int, float]
) -> dict[str, Any]:
    """Lay out what one case showed."""
    cells: dict[str, Any] = {"process": before}
    for name, (batch, measured) in {"training": trained, "attack": attacked}.items():
        cells[name] = {"batch": batch, "measured": measured, "predicted": need.gib(batch)}
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
    parser.add_argument("--case", type=int, help="only this one, in this process, as JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    ours = arguments.study == "robmednas"
    if arguments.case is not None:
        of_one = (
            partial(network, *NETWORKS[arguments.case][1:])
            if ours
            else partial(classifier, *CLASSIFIERS[arguments.case])
        )
        print(json.dumps(of_one()))
        return
    for number, case in enumerate(NETWORKS if ours else CLASSIFIERS):
        command = [sys.executable, __file__, arguments.study, "--case", str(number)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        names = (case[0], *case[2:3], case[4]) if ours else case
        show(names, json.loads(done.stdout))


if __name__ == "__main__":
    main()
