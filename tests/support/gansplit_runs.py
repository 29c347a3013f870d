"""Made runs and comparisons of the study of authentic and synthetic images."""

from dataclasses import replace
from pathlib import Path

from make_run import Blueprint

from analysis.load import Run

CONFIGS = {
    "baseline": {"source": "none", "mix": "add", "ratio": 1.0, "share": 0.5, "train_eps": 0.0},
    "half": {"source": "hinge", "mix": "replace", "ratio": 1.0, "share": 0.5, "train_eps": 0.0},
    "added": {"source": "dcgan", "mix": "add", "ratio": 2.0, "share": 0.5, "train_eps": 4.0},
}


def trials() -> list[Blueprint]:
    """Return a trial for each config."""
    return [
        Blueprint(f"r{number:03d}", label=label, config=dict(config))
        for number, (label, config) in enumerate(CONFIGS.items())
    ]


def with_generators(run: Run) -> Run:
    """Return a run that recorded two generators, of which one has collapsed."""

    def report(spread: float) -> dict[str, object]:
        names = ("kid", "kid_train", "precision", "recall", "density", "coverage")
        bounds = [0.4, 0.3, 0.5]
        return {
            "spaces": {"random": dict.fromkeys(names, bounds)},
            "fidelity": bounds,
            "copied": bounds,
            "spread": spread,
            "alarms": {"copied": -0.1, "generator_collapse": 0.3 - spread},
        }

    details = {"generators": {"hinge": report(0.9), "dcgan": report(0.2)}}
    return replace(run, manifest=run.manifest | {"details": details})


def write_curve(folder: Path, apart: float = 0.1) -> Path:
    """Write a comparison of two seeds, whose scores lie so far above and below those named."""
    lines = ["dataset,fraction,seed,method,test_clean_bacc,test_pgd_bacc_skill"]
    for seed, shift in ((0, apart), (1, -apart)):
        for method, value in (
            ("authentic", 0.7),
            ("replace 0.5", 0.6),
            ("replace 1", 0.5),
            ("add 1", 0.7),
            ("repeats", 0.7),
            ('"adversarial, add 1"', 0.6),
        ):
            lines.append(f"breastmnist,0.5,{seed},{method},{value + shift},{0.2 + shift}")
    file = folder / "gansplit.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
