"""The decomposition as Markdown: rows and sentences, with intervals over images and seeds."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from search.comparison.cells import Cell
from search.comparison.rows import CONSTANT, Row, alarm_notes, by_setting, marked_names
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.results.tables import percent
from trainables.door.text import to_cell
from trainables.metrics.welch import (
    LEVEL,
    UNKNOWN,
    Component,
    at_look,
    corrected,
    half_width,
    interval_component,
    seed_component,
)
from trainables.runtime.arrays import Floats64
from trainables.studies.nonrobust.conditions import APART, CORRUPTED, VARIANCE
from trainables.studies.nonrobust.settings import LABEL_OF
from trainables.studies.nonrobust.verdict import Measured, Scores, count_verdicts, judge
from trainables.study.study import BASELINE

ROBUST = "trades"
CONTROLS = ("labels only", "noise only", "untrained")  # how their labels begin
NOTE = (
    "Balanced accuracy, with 95 % intervals over images and seeds (of one seed, over images). "
    "Attacked: under the ensemble `quick` of `confirm`, {radius:g}/255. Corrupted: the mean over "
    "the corruptions and severities of `c-like`. Of each seed subset, networks and made sets are "
    "its own. The linear control is scored on the images that rank, the rest on {split}. In words: "
    "differences with intervals over seeds and images of both, at {level}, so that all that the "
    "words decide ({count}) holds together in 95 % of tables (Bonferroni). One seed says nothing."
)
WITHOUT_NEAR = (
    "Apart: without the test images that have near copies among those that trained, chose or "
    "ranked."
)


def layout(rows: Sequence[Row], looks: int = 1, *, out: Path, radius: float) -> str:
    """Lay out a table and its words for each dataset and fraction.

    Args:
        rows: All trainings.
        looks: How often such verdicts are read.
        out: Folder of the comparison, whose cells hold the linear controls.
        radius: Of the attack, in 255ths.
    """
    settings = by_setting(rows)
    scores = {key: collect(group, radius, "test") for key, group in settings.items()}
    controls = {key: linear_of(out, group) for key, group in settings.items()}
    count = sum(count_of(scores[key], controls[key][0]) for key in settings)
    paid = at_look(count, looks)
    parts = []
    for key, group in settings.items():
        apart = collect(group, radius, f"test_{APART}")
        parts += [
            f"## {key[0]}, {100 * key[1]:g} % of the training images",
            text_of(scores[key], *controls[key], paid, apart, group),
        ]
    return "\n\n".join([*parts, f"{note(radius, 'test', count, paid)} {WITHOUT_NEAR}"]) + "\n"


def count_of(scores: Mapping[str, Scores], linear: Mapping[str, Measured]) -> int:
    """Count what the words of `text_of` decide.

    Args:
        scores: By label.
        linear: By the label of the network that trained on the set.
    """
    return count_verdicts(scores, linear, baseline=BASELINE, robust=ROBUST)


def note(radius: float, split: str, count: int, paid: int) -> str:
    """Say what the numbers and the words of a table are.

    Args:
        radius: Of the attack, in 255ths.
        split: On whose images networks are scored, in words.
        count: How much the words of the table decide.
        paid: What they pay for, see `at_look`.
    """
    level = percent(corrected(paid))
    return NOTE.format(radius=radius, split=split, count=count, level=level)


def text_of(
    scores: Mapping[str, Scores],
    linear: Mapping[str, Measured],
    chance: float,
    paid: int,
    apart: Mapping[str, Scores] | None = None,
    trainings: Sequence[Row] = (),
) -> str:
    """Write a table of networks, the linear controls below it, and what both mean.

    Args:
        scores: By label.
        linear: By the label of the network that trained on the set.
        chance: Of a constant answer.
        paid: What the words of the whole table pay for, see `at_look`.
        apart: Scores without the images that have near copies; None for a table without these.
        trainings: Behind the scores, where they may have raised alarms.
    """
    splits = [scores] if apart is None else [scores, apart]
    heads = ["clean", "attacked", "corrupted"]
    if apart is not None:
        heads += [f"{head}, apart" for head in heads]
    names = marked_names(trainings)
    lines = [["trained on", *heads], ["---"] * (1 + len(heads))]
    for label in scores:
        rows = (split[label] for split in splits)
        values = (value for row in rows for value in (row.clean, row.attacked, row.corrupted))
        lines.append([str(to_cell(names.get(label, label))), *map(str, values)])
    for label, value in linear.items():
        empty = [""] * (len(heads) - 1)
        lines.append([f"{to_cell(label)}, linear model of pixels", str(value), *empty])
    lines.append([CONSTANT, *[f"{chance:.3f}"] * len(heads)])
    controls = [label for label in scores if label.startswith(CONTROLS)]
    words = judge(
        scores,
        linear,
        chance,
        controls=controls,
        baseline=BASELINE,
        robust=ROBUST,
        verdicts=paid,
    )
    table = [f"| {' | '.join(line)} |" for line in lines]
    notes = [line for sentence in alarm_notes(trainings) for line in ("", sentence)]
    return "\n".join([*table, *notes, "", *(f"- {sentence}" for sentence in words)])


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
    return _measured(values, images)


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
    widths = [detail["linear_high"] - detail["linear_low"] for detail in details]
    return _measured(values, interval_component(float(np.mean(widths))))


def _measured(values: Floats64, images: Component) -> Measured:
    """Return the mean of trainings, with its interval over seeds, where there are some, and images.

    Args:
        values: Of each training, (S,).
        images: The variance over images.
    """
    mean = float(values.mean())
    seeds = seed_component(values) if len(values) > 1 else UNKNOWN
    half = half_width([images] if len(values) < 2 else [seeds, images], LEVEL)
    return Measured(mean, max(0.0, mean - half), min(1.0, mean + half), seeds, images)


def _labels(details: Sequence[Mapping[str, object]]) -> list[str]:
    return [label for label in LABEL_OF.values() if all(label in detail for detail in details)]


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
