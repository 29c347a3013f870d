"""The tables as CSV and Markdown: means over seeds, with intervals."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

from search.tsynd.methods import TABLE_1, TABLE_2
from trainables.door.text import to_cell
from trainables.metrics.skill import SKILL
from trainables.runtime.files import write_atomically

LEVEL = 0.95
COLUMNS: Mapping[str, str] = {
    "clean": "test_clean_acc",
    "noise 0.2": "test_noise_acc",
    "FGSM 2/255": "test_fgsm_acc_eps2",
    "FGSM 8/255": "test_fgsm_acc_eps8",
    "clean, balanced": "test_clean_{headline}",
    "robust skill": f"test_pgd_{{headline}}_{SKILL}",
}
"""The paper's accuracies; then the headline score, and the skill under PGD that ranks runs."""

NOTE = (
    "In per cent, on the official test images: the mean over seeds and the half width of its 95 % "
    "interval (Student's t). Each seed has a training subset, an autoencoder and initial weights "
    "of its own; the test images are the same for all. Robust skill: the mean over 1, 2, 4 and "
    "8/255 under PGD of the share of what lies between a constant answer and a perfect one "
    "(balanced accuracy; AUC where an image has several labels)."
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """The scores of one training on test.

    Attributes:
        dataset: A name.
        fraction: Share of the training images that trained.
        seed: Of the cell.
        method: A row of the tables.
        headline: The score that a constant answer cannot raise, ``bacc`` or ``auc``.
        scores: By name of the metric; None where there is none.
    """

    dataset: str
    fraction: float
    seed: int
    method: str
    headline: str
    scores: Mapping[str, float | None]


def write_csv(file: Path, rows: Sequence[Row]) -> None:
    """Write one line for each training: dataset, fraction, seed, method, and every score."""
    lines = [
        {
            "dataset": row.dataset,
            "fraction": row.fraction,
            "seed": row.seed,
            "method": to_cell(row.method),
            **{name: "" if value is None else value for name, value in row.scores.items()},
        }
        for row in rows
    ]
    text = io.StringIO()
    columns = dict.fromkeys(name for line in lines for name in line)
    writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, text.getvalue())


def markdown(rows: Sequence[Row]) -> str:
    """Lay out table 1, with what a search tuned, and table 2."""
    present = dict.fromkeys(row.method for row in rows)
    tuned = [method for method in present if method not in {*TABLE_1, *TABLE_2}]
    parts = [
        "## Table 1: TSynD beside other methods",
        _table(rows, [*TABLE_1, *tuned]),
        "## Table 2: mutual information (TSynD) against entropy",
        _table(rows, TABLE_2),
        NOTE,
    ]
    return "\n\n".join(parts) + "\n"


def mean_and_half_width(values: Iterable[float]) -> tuple[float, float]:
    """Return the mean over seeds, and half the width of its 95 % interval; NaN for one seed."""
    sample = np.array(list(values), dtype=np.float64)
    if len(sample) < 2:
        return float(sample.mean()), float("nan")
    quantile = float(stdtrit(len(sample) - 1, (1 + LEVEL) / 2))
    return float(sample.mean()), quantile * float(sample.std(ddof=1)) / len(sample) ** 0.5


def _table(rows: Sequence[Row], methods: Sequence[str]) -> str:
    heads = ["dataset", "fraction", "method", "seeds", *COLUMNS]
    lines = [heads, ["---"] * len(heads)]
    for dataset, fraction in dict.fromkeys((row.dataset, row.fraction) for row in rows):
        for method in methods:
            group = [
                row
                for row in rows
                if (row.dataset, row.fraction, row.method) == (dataset, fraction, method)
            ]
            if group:
                cells = [_cell(group, column) for column in COLUMNS]
                share = f"{100 * fraction:g} %"
                lines.append([dataset, share, method, str(len(group)), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(group: Sequence[Row], column: str) -> str:
    """Write a mean with its half width, in per cent."""
    values = [row.scores.get(COLUMNS[column].format(headline=row.headline)) for row in group]
    scores = [100 * value for value in values if value is not None]
    if len(scores) < len(values):
        return "-"
    mean, half = mean_and_half_width(scores)
    return f"{mean:.1f}" if np.isnan(half) else f"{mean:.1f} ± {half:.1f}"
