"""The tables as Markdown: the split, answers by class, and the answer in words."""

from collections.abc import Mapping, Sequence

import numpy as np

from search.comparison.rows import CUT, Row, by_setting, marked_names, table
from search.gansplit.answer import answer
from search.gansplit.methods import AUTHENTIC, replace_label
from trainables.data.medmnist import table as medmnist_table
from trainables.metrics.classes.confusion import precision, recall
from trainables.metrics.skill import SKILL
from trainables.runtime.arrays import Floats64

COLUMNS: Mapping[str, str] = {
    "accuracy": "test_clean_acc",
    "balanced": "test_clean_bacc",
    "robust skill": f"test_pgd_bacc_{SKILL}",
    "without near copies": f"test_apart_pgd_bacc_{SKILL}",
    "noise": f"test_noise_bacc_{SKILL}",
}
CONDITIONS = ("clean", "attacked")
BY_CLASS = (AUTHENTIC, replace_label(1))  # the poster's stage 2

NOTE = (
    "In per cent, on the official test images: the mean over seeds and the half width of its 95 % "
    f"interval (Student's t). {CUT} Each seed has a training subset, a generator and initial "
    "weights of its own. A row takes as many steps as any other, however many images it has. "
    "Robust skill: "
    "the mean over the radii under PGD of what balanced accuracy has above a constant answer; "
    "then the same without the test images that have near copies among those that trained, chose "
    "or ranked."
)
CLASS_NOTE = (
    "Rows of a matrix are true classes, columns answers, as means over seeds. Attacked: PGD of 10 "
    "steps at the middle radius. Where no image is answered as a class, precision is not defined."
)


def markdown(rows: Sequence[Row], looks: int = 1) -> str:
    """Lay out all that was compared.

    Args:
        rows: All trainings.
        looks: How often such verdicts are read.
    """
    parts = [
        "## The split",
        table(rows, list(dict.fromkeys(row.method for row in rows)), COLUMNS),
        NOTE,
        "## Answers by class",
        *(_by_class(rows, method, condition) for method in BY_CLASS for condition in CONDITIONS),
        CLASS_NOTE,
        "## In words",
        answer(rows, looks),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def mean_confusion(rows: Sequence[Row], method: str, condition: str) -> Floats64 | None:
    """Average the confusion matrices of a method over seeds; None where it has none.

    Args:
        rows: Of one dataset and fraction.
        method: A row of the tables.
        condition: ``clean`` or ``attacked``.
    """
    prefix = f"test_{condition}_confusion_"
    matrices = []
    for row in rows:
        counts = {
            tuple(map(int, name.removeprefix(prefix).split("_"))): value
            for name, value in row.scores.items()
            if name.startswith(prefix) and value is not None
        }
        if row.method == method and counts:
            size = 1 + max(label for label, _ in counts)
            matrix = np.zeros((size, size))
            for cell, count in counts.items():
                matrix[cell] = count
            matrices.append(matrix)
    return np.mean(matrices, axis=0) if matrices else None


def _by_class(rows: Sequence[Row], method: str, condition: str) -> str:
    """Lay out answers of a method by class, a table for each dataset and fraction."""
    parts = []
    for (dataset, fraction), group in by_setting(rows).items():
        matrix = mean_confusion(group, method, condition)
        if matrix is None:
            continue
        names = _classes(dataset, len(matrix))
        lines = [["true class", *names, "precision", "recall"], ["---"] * (len(names) + 3)]
        shares = zip(precision(matrix), recall(matrix), strict=True)
        lines += [
            [name, *(f"{count:.1f}" for count in counts), *map(_share, pair)]
            for name, counts, pair in zip(names, matrix, shares, strict=True)
        ]
        title = f"{dataset}, {100 * fraction:g} %, {marked_names(group)[method]}, {condition}:"
        parts.append("\n\n".join([title, "\n".join(f"| {' | '.join(line)} |" for line in lines)]))
    return "\n\n".join(parts)


def _classes(dataset: str, count: int) -> tuple[str, ...]:
    """Return the names of the classes, or their numbers where they have none."""
    entry = medmnist_table().get(dataset)
    return entry.classes if entry else tuple(f"class {number + 1}" for number in range(count))


def _share(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"
