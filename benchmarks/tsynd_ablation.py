r"""Compare configs of TSynD that a search does not vary, over seeds, on the ranking split.

Each config is a list of NAME=VALUE with commas. The table of docs/tsynd.md on how far images move:

    python benchmarks/tsynd_ablation.py --dataset breastmnist --data-root DIR \
        regime=reconstruction latent_iterations=10,max_shift=9 latent_iterations=10 \
        latent_iterations=10,max_shift=0.08
"""

import argparse
import tempfile
from pathlib import Path

import torch

from trainables.studies.tsynd.study import TSynD

tsynd = TSynD()

COLUMNS = ("ranking_clean_bacc", "ranking_fgsm_bacc_skill", "ranking_pgd_bacc_skill")


def main() -> None:
    """Print a Markdown table with a row for each config, and a value for each seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configs", nargs="+")
    parser.add_argument("--dataset", default="phantom")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    options = {name: getattr(arguments, name) for name in ("dataset", "data_root", "epochs")}
    results: dict[str, list[dict[str, float]]] = {config: [] for config in arguments.configs}
    for seed in range(arguments.seeds):
        fixed = {"eps": tsynd.settings.DEFAULT_EPS, "seed": seed}
        settings = tsynd.parse_settings({**options, **fixed})
        with tempfile.TemporaryDirectory() as folder:
            tsynd.prepare(settings, Path(folder), lambda _: None)
            for config, rows in results.items():
                point = dict(pair.split("=") for pair in config.split(","))
                trial = tsynd.build(point, settings, Path(folder))
                rows.append(trial.advance(settings.rungs[-1]).metrics)
    print("| config | " + " | ".join(COLUMNS) + " |")
    print("| --- |" + " --- |" * len(COLUMNS))
    for config, rows in results.items():
        cells = (" ".join(f"{row[name]:.2f}" for row in rows) for name in COLUMNS)
        print(f"| {config} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
