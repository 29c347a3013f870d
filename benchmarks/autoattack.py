"""Our standard ensemble and the authors' AutoAttack, both at full length, on the same images.

Prints at each radius how many images of ten classes withstand each of the two, and about how
many they disagree. The network is that of `tests/trainables/attacks/test_autoattack.py`:

    python benchmarks/autoattack.py [--images 60]
"""

import argparse
import contextlib
import io
import sys
from pathlib import Path

import torch
from pyautoattack.autoattack import AutoAttack

from trainables.attacks.ensemble import run_ensemble
from trainables.attacks.presets import build_ensemble

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "trainables" / "attacks"))

from conftest import patches, train

RADII, CLASSES = (0.02, 0.03, 0.04), 10


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=60, help="that the network has right")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = train(*patches(400, 0, classes=CLASSES), seed=0, classes=CLASSES)
    images, labels = patches(3 * arguments.images // 2, 1, classes=CLASSES)
    right = model(images).argmax(dim=1) == labels
    images, labels = images[right][: arguments.images], labels[right][: arguments.images]
    ensemble = build_ensemble("standard", "multi-class")
    print("| radius | ours | AutoAttack | images that differ |\n| --- | --- | --- | --- |")
    for eps in RADII:
        report = run_ensemble(model, images, labels, "multi-class", ensemble, (eps,), seed=0)
        first = torch.from_numpy(report.worst.correct[0])
        with contextlib.redirect_stdout(io.StringIO()):
            oracle = AutoAttack(model, eps=eps, seed=0, device="cpu")
            attacked, _ = oracle.run_standard_evaluation(images, labels)
        second = model(attacked).argmax(dim=1) == labels
        cells = int(first.sum()), int(second.sum()), int((first != second).sum())
        print(f"| {eps:g} | {cells[0]} | {cells[1]} | {cells[2]} |", flush=True)


if __name__ == "__main__":
    main()
