"""What the engine costs per trial: an empty trainable on two workers, beside Ray Tune as it comes.

``python benchmarks/overhead.py --trials 100 1000`` prints seconds per trial, start-up of Ray left
out, and the ratio. Both reuse their actors.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
os.environ["PYTHONPATH"] = f"{HERE.parent}{os.pathsep}{HERE}"  # for the workers
sys.path.insert(0, str(HERE))

from search.execution.ray import environment

environment.prepare(local=True)

import ray
from ray import tune
from rich.console import Console

from search.plan import Plan
from search.run.runner import run
from search.study import Study


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


def ours(trials: int, sampler: str, folder: Path) -> float:
    """Return the seconds from the first proposal to the last end."""
    plan = Plan(study="empty", trials=trials, sampler=sampler, concurrency=2, run=folder / "run")
    run(plan, Study("empty", "nothing", "empty_study"), Console(width=80, file=io.StringIO()))
    lines = (folder / "run" / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    ended = [event["elapsed_s"] for event in events if event["event"] == "ended"]
    return ended[-1] - ended[0]  # the first waits for the workers to start


def stock(trials: int, folder: Path) -> float:
    """Return the same of Ray Tune."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="CRITICAL")
    ends: list[float] = []

    class Clock(tune.Callback):
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
            run_config=tune.RunConfig(storage_path=str(folder), verbose=0, callbacks=[Clock()]),
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
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            mine = ours(trials, arguments.sampler, Path(one)) / (trials - 1)
            theirs = stock(trials, Path(other)) / (trials - 1)
        ratio = f"{mine / theirs:.2f} of Ray Tune's {theirs:.4f}"
        print(f"{trials} trials: {mine:.4f} s each, {ratio}", flush=True)


if __name__ == "__main__":
    main()
