"""Compare TSynD with its controls on MedMNIST at small fractions, over seeds, on the test split.

The arms are the paper's, fixed beforehand, and nothing is chosen by the results, so the test split
selects nothing. Writes one JSON line for each trial, skips trials already written, and prints the
table of docs/tsynd.md:

    python benchmarks/tsynd_breastmnist.py --data-root DIR --out results.jsonl
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from trainables.classification.assets import open_splits, to_tensors
from trainables.classification.measurement import measure_robust
from trainables.classification.trial import ClassifierTrial
from trainables.studies.tsynd.settings import TSynDSettings
from trainables.studies.tsynd.study import TSynD
from trainables.study.study import Reference

tsynd = TSynD()

ARMS = ("baseline", "reconstruction", "noise", "adversarial", "paper 50/1.0")
KEY = ("fraction", "seed", "arm")
COLUMNS = {
    "clean": "test_clean_acc",
    "noise": "test_noise_acc",
    "FGSM 2/255": "test_fgsm_acc_eps2",
    "FGSM 8/255": "test_fgsm_acc_eps8",
    "PGD 2/255": "test_pgd_acc_eps2",
    "clean bal.": "test_clean_bacc",
    "noise bal.": "test_noise_bacc",
    "PGD bal. curve": "test_pgd_bacc_curve",
}


def trials(
    arguments: argparse.Namespace, finished: set[tuple[object, ...]]
) -> Iterator[dict[str, object]]:
    """Train every arm at every fraction and seed, unless finished; yield its row."""
    for seed in range(arguments.seeds):
        for fraction in arguments.fractions:
            options = {
                "dataset": arguments.dataset,
                "data_root": arguments.data_root,
                "fraction": fraction,
                "classifier": arguments.classifier,
                "epochs": arguments.epochs,
                "eps": tsynd.settings.DEFAULT_EPS,
                "seed": seed,
                "ranking_images": 16,  # no trial is ranked; the autoencoder gets the rest
            }
            settings = tsynd.parse_settings(options)
            with tempfile.TemporaryDirectory() as folder:
                tsynd.prepare(settings, Path(folder), lambda _: None)
                for reference in tsynd.references(settings):
                    if (
                        reference.label in ARMS
                        and (fraction, seed, reference.label) not in finished
                    ):
                        row = measure(reference, settings, Path(folder))
                        yield {"seed": seed, "fraction": fraction} | row


def measure(reference: Reference, settings: TSynDSettings, assets: Path) -> dict[str, object]:
    """Train one arm and measure its best epoch on val on the test split.

    Args:
        reference: The arm.
        settings: Of the run.
        assets: The run's folder of assets, prepared.
    """
    start = time.perf_counter()
    trial = tsynd.build(reference.config, settings, assets)
    if not isinstance(trial, ClassifierTrial):
        raise TypeError(trial)
    trial.advance(settings.rungs[-1])
    dataset, splits = open_splits(settings, lambda _: None)
    test = to_tensors(splits.take(dataset, "test"), trial.device)
    with trial.at_best():
        metrics = measure_robust(trial.classifier, test, trial.measurement, "test").metrics
    return {"arm": reference.label, "seconds": time.perf_counter() - start, **metrics}


def table(rows: list[dict[str, object]]) -> str:
    """Format mean and standard deviation over seeds, in per cent, as Markdown."""
    lines = [
        "| fraction | arm | " + " | ".join(COLUMNS) + " |",
        "| --- | --- |" + " --- |" * len(COLUMNS),
    ]
    for fraction in sorted({float(str(row["fraction"])) for row in rows}):
        for arm in ARMS:
            arm_rows = [row for row in rows if (row["fraction"], row["arm"]) == (fraction, arm)]
            if arm_rows:
                values = np.array(
                    [[row[name] for name in COLUMNS.values()] for row in arm_rows], float
                )
                pairs = zip(100 * values.mean(0), 100 * values.std(0, ddof=1), strict=True)
                texts = [f"{mean:.1f} ± {deviation:.1f}" for mean, deviation in pairs]
                lines.append(f"| {fraction:.0%} | {arm} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run the trials, or with --table only print the table of those that were run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="breastmnist")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--fractions", type=float, nargs="+", default=[0.01, 0.1])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--classifier", default="resnet18-16")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="only print the table of --out")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.touch()
    rows = [json.loads(line) for line in arguments.out.read_text().splitlines()]
    if not arguments.table:
        with arguments.out.open("a") as file:
            for row in trials(arguments, {tuple(map(row.get, KEY)) for row in rows}):
                print(json.dumps(row), file=file, flush=True)
                print(*map(row.get, (*KEY, "seconds")), flush=True)
    print(table([json.loads(line) for line in arguments.out.read_text().splitlines()]))


if __name__ == "__main__":
    main()
