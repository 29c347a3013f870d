"""Where the seconds of a trial go, and what bf16 saves in generating images.

Ratios are taken within one run that alternates the variants; seconds are those of this machine.

    python benchmarks/trial_seconds.py [--classifier cnn] [--epochs 6] [--repeats 3]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

import torch

from trainables.studies.tsynd.settings import TSynDSettings
from trainables.studies.tsynd.study import TSynD

tsynd = TSynD()


def seconds(settings: TSynDSettings, assets: Path, iterations: int) -> dict[str, float]:
    """Run one TSynD trial.

    Args:
        settings: Of the run.
        assets: The run's folder of assets, prepared.
        iterations: Of the ascent in latent space.

    Returns:
        Seconds by activity.
    """
    start = time.perf_counter()
    config = tsynd.complete({"latent_iterations": iterations}, settings)
    trial = tsynd.build(config, settings, assets)
    building = time.perf_counter() - start
    return {"building": building} | trial.advance(settings.rungs[-1]).seconds


def start_up() -> float:
    """Return the seconds a fresh process takes to import the study: what reused workers save."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import trainables.studies.tsynd.study"], check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print a Markdown table of medians, and the ratio of the two precisions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classifier", default="cnn")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--iterations", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    durations: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        options = {"classifier": arguments.classifier, "epochs": arguments.epochs}
        options["eps"] = tsynd.settings.DEFAULT_EPS
        for _ in range(arguments.repeats):
            for precision in ("fp32", "bf16"):
                settings = tsynd.parse_settings({**options, "precision": precision})
                tsynd.prepare(settings, Path(folder), lambda _: None)
                for activity, value in seconds(
                    settings, Path(folder), arguments.iterations
                ).items():
                    durations[precision][activity].append(value)
            fp32, bf16 = (durations[name]["generation"][-1] for name in ("fp32", "bf16"))
            ratios.append(fp32 / bf16)
    print("| seconds of a trial | fp32 | bf16 |")
    print("| --- | --- | --- |")
    for activity in durations["fp32"]:
        cells = (f"{median(durations[precision][activity]):.2f}" for precision in ("fp32", "bf16"))
        print(f"| {activity} | {' | '.join(cells)} |")
    print(f"start-up of a fresh process: {median(start_up() for _ in range(3)):.2f} s")
    listing = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"generation, fp32 over bf16, pair by pair: {listing}; median {median(ratios):.2f}")


if __name__ == "__main__":
    main()
