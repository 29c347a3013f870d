"""What bf16 saves in training classifiers, attacked and not, and what it does to their scores.

Every pair of trainings has the same seed, data and values, and differs in --precision alone.
Scores are of the ranking split, computed in fp32 for both:

    python benchmarks/classifier_precision.py --dataset pneumoniamnist --data-root DIR
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch

from trainables.studies.deepauc.study import DeepAUC

STUDY, EPS = DeepAUC(), 2.0  # cross-entropy of this study trains as that of the others
REGIMES = {"clean": 0.0, "against PGD of 5 steps": EPS}
PRECISIONS = ("fp32", "bf16")


def train(config: dict[str, object], options: dict[str, object], assets: Path) -> list[float]:
    """Return seconds of training, clean AUC and AUC under PGD of one trial."""
    settings = STUDY.parse_settings(options)
    trial = STUDY.build(STUDY.complete(config, settings), settings, assets)
    report = trial.advance(settings.rungs[-1])
    seconds = report.seconds["training"] + report.seconds.get("generation", 0.0)
    attacked = report.metrics[f"ranking_pgd_auc_eps{EPS:g}"]
    return [seconds, report.metrics["ranking_clean_auc"], attacked]


def main() -> None:
    """Print a line for each pair, and a table of all pairs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="phantom")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--fraction", type=float, default=0.1)
    parser.add_argument("--classifier", default="wrn-16-2")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = vars(parser.parse_args())
    torch.set_num_threads(1)
    seeds, rows = arguments.pop("seeds"), []
    options = {name: value for name, value in arguments.items() if value is not None}
    options |= {"device": "cpu", "eps": f"0,{EPS:g}/255", "ladder": f"{options['epochs']}:pgd-10"}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            assets = Path(folder) / str(seed)
            assets.mkdir()
            STUDY.prepare(STUDY.parse_settings(options | {"seed": seed}), assets, lambda _: None)
            for regime, radius in REGIMES.items():
                config = {"train_eps": radius, "attack_steps": 5}
                pair = [
                    train(config, options | {"seed": seed, "precision": name}, assets)
                    for name in PRECISIONS
                ]
                rows.append((regime, np.array(pair)))
                print(f"seed {seed}, {regime}: fp32 {pair[0]}, bf16 {pair[1]}", flush=True)
    print(
        "| training | fp32 over bf16, seconds | clean AUC | AUC under PGD |\n" + "| --- " * 4 + "|"
    )
    for regime in REGIMES:
        pairs = np.array([pair for name, pair in rows if name == regime])  # (seeds, 2, 3)
        ratios = ", ".join(f"{ratio:.2f}" for ratio in pairs[:, 0, 0] / pairs[:, 1, 0])
        cells = [
            ", ".join(f"{a:.3f} / {b:.3f}" for a, b in pairs[:, :, column]) for column in (1, 2)
        ]
        print(f"| {regime} | {ratios} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
