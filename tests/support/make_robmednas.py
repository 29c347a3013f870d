"""Runs and experiments of RobMedNAS that were never run."""

import itertools
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from make_run import RUNGS, Blueprint, Task

from search.engine.trial import State
from search.studies import about
from searchspace.unet import cost_of, parse_network
from trainables.metrics.curve import area
from trainables.metrics.intervals import mean_interval
from trainables.runtime.config import Frozen
from trainables.study.about import About
from trainables.study.report import Report

EPS = (0.0, 0.05, 0.1, 0.2)
METRIC = "ranking_pgd_mae_head_curve"
TRIVIAL = 171.3
SIZE = 64
HARDNESS = {"head": 1.0, "air": 0.4, "bone": 2.4, "soft": 0.8}  # MAE of a region against the head's
HANDCRAFTED = "1111x8 1111x16 1111x32 | 1111x32 1111x16 1111x8"
CONFIG = {
    "architecture": HANDCRAFTED,
    "kernels": "square",
    "regime": "standard",
    "attack_eps": 0.2,
    "lr": 1e-3,
    "batch_size": 6,
}


class Fixed(Frozen):
    """Settings of a made run."""

    about: ClassVar[About] = about("robmednas")
    data: str | None = None
    attack: str = "pgd"
    size: int = SIZE
    epochs: int = RUNGS[-1]


def errors(blueprint, epoch, factor, subjects):
    """Head MAE in HU (E, N): falls with the epochs, rises with epsilon by less the more reach."""
    generator = np.random.default_rng([*blueprint.id.encode(), epoch])
    clean = 60 + 200 * (1 - blueprint.skill * (epoch / RUNGS[-1]) ** 0.2)
    hardness = clean * np.random.default_rng(7).uniform(0.8, 1.25, subjects)
    hardness *= generator.uniform(0.97, 1.03, subjects)
    growth = 1 + factor * np.array(EPS) * 20 / blueprint.reach
    return hardness * growth[:, None]


def measure(blueprint, epoch, subjects):
    """The report of a made trial; its head MAE under PGD, of subjects of one kind."""
    constraints = {"clean_floor": blueprint.violation, "max_params": -0.5}
    if blueprint.metrics is not None:
        return Report(epoch, blueprint.metrics, constraints=constraints, best_epoch=epoch), None
    price = cost_of(parse_network((CONFIG | blueprint.config)["architecture"]), "square", SIZE)
    metrics = {"parameters": price.parameters, "multiply_adds": price.multiply_adds}
    intervals = {}
    for attack, factor in (("fgsm", 0.7), ("pgd", 1.0)):
        head = errors(blueprint, epoch, factor, subjects)
        for region, hardness in HARDNESS.items():
            for score, values in (
                (f"mae_{region}", hardness * head),
                (f"dice_{region}", np.exp(-hardness * head / 800)),
            ):
                curve = values.mean(axis=1)
                metrics[f"ranking_clean_{score}"] = curve[0]
                metrics[f"ranking_{attack}_{score}_curve"] = area(EPS, curve)
                for eps, value in zip(EPS[1:], curve[1:], strict=True):
                    metrics[f"ranking_{attack}_{score}_eps{eps:g}"] = value
                if attack == "pgd":
                    areas = np.array([area(EPS, subject) for subject in values.T])
                    intervals[f"ranking_pgd_{score}_curve"] = mean_interval(areas)[1:]
    seconds = {"training": 3.0, "validation": 0.2}
    report = Report(epoch, metrics, intervals, constraints, seconds, best_epoch=epoch)
    return report, (head, np.zeros(subjects, dtype=np.int64))


ROBMEDNAS = Task(METRIC, "min", EPS, Fixed(), CONFIG, measure, {"trivial_mae_head": TRIVIAL})
REFERENCES = [
    Blueprint("r01", "baseline", 0.86, 2.2),
    Blueprint("r02", "baseline w/AT", 0.8, 14.0, control=True, config={"regime": "adversarial"}),
]


def draw_architecture(generator: np.random.Generator) -> str:
    """Draw an architecture's text, depth first."""
    depth = int(generator.integers(1, 6))
    blocks = [
        f"{generator.integers(1, 16):04b}x{2 ** generator.integers(3, 6)}"
        + generator.choice(["", "s4", "s8"])
        for _ in range(2 * depth)
    ]
    return " | ".join(" ".join(side) for side in (blocks[:depth], blocks[depth:]))


def whole_search(sampled: int = 24, seed: int = 0) -> list[Blueprint]:
    """References and a search as ASHA leaves it."""
    generator = np.random.default_rng(seed)
    trials = list(REFERENCES)
    for number in range(1, sampled + 1):
        text = draw_architecture(generator)
        size = np.log10(cost_of(parse_network(text), "square", SIZE).parameters)
        blueprint = Blueprint(
            f"t{number:03d}",
            skill=float(np.clip(0.15 * size + generator.normal(0, 0.04), 0.3, 0.92)),
            reach=float(max(0.8, 1.2 + 0.5 * (size - 3) + generator.normal(0, 0.5))),
            config={"architecture": text},
            reports=int(generator.choice([1, 2, 3, 4], p=[0.4, 0.2, 0.1, 0.3])),
        )
        if blueprint.reports < len(RUNGS):
            blueprint.state = State.PRUNED
            blueprint.reason = f"not among the best at epoch {RUNGS[blueprint.reports - 1]}"
        trials.append(blueprint)
    trials[-1].state, trials[-1].reports, trials[-1].reason = State.FAILED, 0, "out of memory"
    return trials


ROWS = ("Baseline", "Baseline w/AT", "Random", "RobMedNAS-R", "RobMedNAS-T")
SCORES = [f"{kind}_{region}" for kind in ("mae", "dice") for region in HARDNESS]
STRENGTHS = {
    "fgsm": np.linspace(0.02, 0.2, 10),
    "pgd": np.linspace(0.02, 0.2, 10),
    "noise": np.linspace(0.025, 0.25, 10),
}


def score(name: str, head_mae: float) -> float:
    """A region's score, by the MAE of the head."""
    kind, region = name.split("_")
    worse = HARDNESS[region] * head_mae
    return worse if kind == "mae" else float(np.exp(-worse / 800))


def write_corruption(folder: Path, rows=ROWS, subjects: int = 8, kinds=("fgsm", "noise")) -> Path:
    """Write the table of the progressive corruption."""
    generator, table = np.random.default_rng(0), []
    hardness = generator.uniform(0.85, 1.2, subjects)
    for number, (row, kind) in enumerate(itertools.product(rows, kinds)):
        slope = {"fgsm": 8, "pgd": 11, "noise": 3}[kind] / (1 + rows.index(row))
        for strength, subject in itertools.product(STRENGTHS[kind], range(subjects)):
            head = (90 - number) * hardness[subject] * (1 + slope * strength)
            table += [
                (row, kind, round(float(strength), 3), f"s{subject}", name, score(name, head))
                for name in SCORES
            ]
    columns = ["row", "kind", "strength", "subject", "score", "value"]
    return _write(folder, "corruption.csv", table, columns)


def write_stability(folder: Path, rows=("Baseline", "RobMedNAS-T"), subjects: int = 8) -> Path:
    """Write the table of the effects of initialisation and of training data."""
    generator, table = np.random.default_rng(0), []
    counts = {"initialisation": 11, "training data": 8}
    for row, (kind, count) in itertools.product(rows, counts.items()):
        for number, condition in itertools.product(range(count), ("clean", "fgsm", "pgd")):
            level = {"clean": 80, "fgsm": 110, "pgd": 140}[condition] - 20 * (row != rows[0])
            head = level * generator.uniform(0.85, 1.15)
            for subject, name in itertools.product(range(subjects), SCORES):
                value = score(name, head * (1 + 0.02 * subject))
                table.append((row, kind, number, condition, f"s{subject}", name, value))
    columns = ["row", "kind", "number", "condition", "subject", "score", "value"]
    return _write(folder, "stability.csv", table, columns)


def _write(folder: Path, name: str, rows: list[tuple], columns: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=columns).to_csv(folder / name, index=False)
    return folder / name
