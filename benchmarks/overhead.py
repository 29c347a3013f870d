"""What the engine costs per trial: an empty trainable on two workers, beside Ray Tune as it comes.

``python benchmarks/overhead.py --trials 100 1000`` prints seconds per trial, without the start-up
of Ray, and the ratio. Both reuse their actors.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).parent
os.environ["PYTHONPATH"] = f"{FOLDER.parent}{os.pathsep}{FOLDER}"  # for the workers
sys.path.insert(0, str(FOLDER))

from search.execution.ray import environment

environment.prepare(local=True)

import empty_study
import ray
from ray import tune
from rich.console import Console

from search.plan import Plan
from search.run.runner import run
from search.study import StudyRow


class EmptyTrainable(tune.Trainable):
    """Does nothing, once."""

    def setup(self, config: dict[str, float]) -> None:
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, float]) -> bool:
        self.x = new_config["x"]
        return True

    def save_checkpoint(self, checkpoint_dir: str) -> None:  # Tune keeps one at a trial's end
        return None

    def step(self) -> dict[str, float | bool]:
        return {"value": -(self.x**2), "done": True}


def engine_seconds(trials: int, sampler: str, folder: Path) -> float:
    """Return the seconds of a search by the engine, from the first end of a trial to the last."""
    plan = Plan(
        study="empty",
        trials=trials,
        sampler=sampler,
        seed_check=0,
        concurrency=2,
        run=folder / "run",
    )
    run(
        plan,
        StudyRow("empty", "nothing", empty_study.MODULE),
        Console(width=80, file=io.StringIO()),
    )
    lines = (folder / "run" / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    ends = [event["elapsed_s"] for event in events if event["event"] == "ended"]
    return ends[-1] - ends[0]  # the first waits for the workers to start


def tune_seconds(trials: int, folder: Path) -> float:
    """Return the same of a search by Ray Tune alone."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="CRITICAL")
    ends: list[float] = []

    class Stopwatch(tune.Callback):
        def on_trial_complete(self, iteration, trials, trial, **info):  # noqa: ANN001, ANN003, ANN202
            ends.append(time.perf_counter())

    try:
        tune.Tuner(
            EmptyTrainable,
            param_space={
                "x": tune.uniform(-1, 1),
                "lr": tune.loguniform(1e-3, 1),
                "kind": tune.choice(["a", "b", "c"]),
            },
            tune_config=tune.TuneConfig(
                metric="value",
                mode="max",
                num_samples=trials,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(storage_path=str(folder), verbose=0, callbacks=[Stopwatch()]),
        ).fit()
    finally:
        ray.shutdown()
    return ends[-1] - ends[0]


def main() -> None:
    """Print a line for each number of trials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--sampler", default="random")
    arguments = parser.parse_args()
    for trials in arguments.trials:
        with tempfile.TemporaryDirectory() as folder:
            engine = engine_seconds(trials, arguments.sampler, Path(folder)) / (trials - 1)
        with tempfile.TemporaryDirectory() as folder:
            tune_alone = tune_seconds(trials, Path(folder)) / (trials - 1)
        ratio = f"{engine / tune_alone:.2f} of Ray Tune's {tune_alone:.4f}"
        print(f"{trials} trials: {engine:.4f} s each, {ratio}", flush=True)


if __name__ == "__main__":
    main()
