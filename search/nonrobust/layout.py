"""The decomposition as Markdown: rows and sentences, with intervals over images and seeds."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from search.comparison.cells import Cell
from search.comparison.rows import Row, by_setting
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from trainables.door.text import to_cell
from trainables.metrics.welch import Component, estimate, seed_component
from trainables.studies.nonrobust.conditions import CORRUPTED, VARIANCE
from trainables.studies.nonrobust.settings import LABEL_OF
from trainables.studies.nonrobust.verdict import Measured, Scores, judge
from trainables.study.study import BASELINE

CHANCE = "constant"
CONTROLS = ("labels only", "noise only", "untrained")  # how their labels begin
NOTE = (
    "Balanced accuracy, with 95 % intervals over images and seeds (of one seed, over images). "
    "Attacked: under the ensemble `quick` of `confirm`, {radius:g}/255. Corrupted: the mean over "
    "the corruptions and severities of `c-like`. Of each seed subset, networks and made sets are "
    "its own. The linear control is scored on the images that rank, the rest on {split}."
)


def layout(rows: Sequence[Row], *, out: Path, radius: float) -> str:
    """Lay out a table and its words for each dataset and fraction.

    Args:
        rows: All trainings.
        out: Folder of the comparison, whose cells hold the linear controls.
        radius: Of the attack, in 255ths.
    """
    parts = []
    for (dataset, fraction), group in by_setting(rows).items():
        scores = collect(group, radius, "test")
        linear, chance = linear_of(out, group)
        parts += [
            f"## {dataset}, {100 * fraction:g} % of the training images",
            text_of(scores, linear, chance),
        ]
    return "\n\n".join([*parts, NOTE.format(radius=radius, split="test")]) + "\n"


def text_of(scores: Mapping[str, Scores], linear: Mapping[str, Measured], chance: float) -> str:
    """Write a table of networks, the linear controls below it, and what both mean.

    Args:
        scores: By label.
        linear: By the label of the network that trained on the set.
        chance: Of a constant answer.
    """
    lines = ["| trained on | clean | attacked | corrupted |", "| --- | --- | --- | --- |"]
    for label, row in scores.items():
        lines.append(f"| {to_cell(label)} | {row.clean} | {row.attacked} | {row.corrupted} |")
    for label, value in linear.items():
        lines.append(f"| {to_cell(label)}, linear model of pixels | {value} | | |")
    lines.append(f"| a constant answer | {chance:.3f} | {chance:.3f} | {chance:.3f} |")
    controls = [label for label in scores if label.startswith(CONTROLS)]
    words = judge(scores, linear, chance, controls=controls, baseline=BASELINE, robust="trades")
    return "\n".join([*lines, "", *(f"- {sentence}" for sentence in words)])


def collect(rows: Sequence[Row], radius: float, split: str) -> dict[str, Scores]:
    """Combine the trainings of each label: means over seeds, intervals over seeds and images.

    Args:
        rows: Trainings of one dataset and fraction.
        radius: Of the attack, in 255ths.
        split: With which the names of the metrics begin.
    """
    names = ("clean_bacc", f"ensemble_bacc_eps{radius:g}", f"{CORRUPTED}_bacc")
    labels = dict.fromkeys(row.method for row in rows)
    return {
        label: Scores(
            *(
                combine([row.scores for row in rows if row.method == label], f"{split}_{name}")
                for name in names
            )
        )
        for label in labels
    }


def combine(trainings: Sequence[Mapping[str, float | None]], name: str) -> Measured:
    """Estimate a score over seeds and images.

    Args:
        trainings: Metrics of each seed, with variances over images.
        name: Of the score.
    """
    values = np.array([_number(metrics.get(name)) for metrics in trainings])
    variances = [_number(metrics.get(f"{name}_{VARIANCE}")) for metrics in trainings]
    images = Component(float(np.mean(variances)), math.inf)  # the same images for every seed
    parts = [images] if len(values) < 2 else [seed_component(values), images]
    outcome = estimate(float(values.mean()), parts)
    return Measured(outcome.value, max(0.0, outcome.low), min(1.0, outcome.high))


def linear_of(out: Path, rows: Sequence[Row]) -> tuple[dict[str, Measured], float]:
    """Read from the cells what a linear model learned of each set, and chance.

    Args:
        out: Folder of the comparison.
        rows: Trainings of one dataset and fraction.
    """
    details = []
    chance = math.nan
    for row in {row.seed: row for row in rows}.values():
        cell = Cell(row.dataset, row.fraction, row.seed)
        content = read_manifest(RunFolder(out / "cells" / cell.name)).as_json()
        details.append(content["details"]["made_sets"])
        chance = float(content["constant"]["ranking_clean_bacc"])
    return {
        label: merge([detail[label] for detail in details]) for label in _labels(details)
    }, chance


def merge(details: Sequence[Mapping[str, float]]) -> Measured:
    """Average the linear controls of several seeds; of one seed its interval is kept."""
    values = np.array([detail["linear"] for detail in details])
    if len(details) == 1:
        return Measured(values[0], details[0]["linear_low"], details[0]["linear_high"])
    outcome = estimate(float(values.mean()), [seed_component(values)])
    return Measured(outcome.value, max(0.0, outcome.low), min(1.0, outcome.high))


def _labels(details: Sequence[Mapping[str, object]]) -> list[str]:
    return [label for label in LABEL_OF.values() if all(label in detail for detail in details)]


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
