"""The document's tables as Markdown: its numbers beside ours, and beside MedMNIST's."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import isnan, nan
from statistics import fmean

import numpy as np

from search.comparison.rows import (
    CUT,
    LEVEL,
    Column,
    Row,
    Written,
    by_setting,
    cell,
    groups,
    table,
    with_interval,
)
from search.deepauc.methods import BASELINE_ROW, CONTROLS, LOSSES, label_of, subsets
from search.deepauc.published import ABLATION, FINAL, MEDMNIST, Areas, contradictions
from search.deepauc.published import LOSSES as PUBLISHED_LOSSES
from search.results.tables import percent
from trainables.metrics.welch import (
    Component,
    at_look,
    corrected,
    half_width,
    interval_component,
    seed_component,
)

VARIANTS = [label_of(names) for names in subsets()]
VAL, TEST = "val_clean_auc", "test_clean_auc"
ATTACKED = "test_pgd_auc_eps{}"
WITHOUT_NEAR, APART = "without near copies", "test_apart_clean_auc"
MEASURED: Mapping[str, Column] = {
    "val": VAL,
    "test": TEST,
    WITHOUT_NEAR: APART,
    "1/255": ATTACKED.format(1),
    "2/255": ATTACKED.format(2),
    "balanced accuracy": "test_clean_bacc",
}
NOTE = (
    "AUC in per cent: of the best epoch on val, then on the official test images, clean and under "
    "PGD, and clean without the test images that have near copies among those that trained, chose "
    "or ranked; "
    "balanced accuracy at the threshold that val chose. Means over seeds and half widths of their "
    f"95 % intervals (Student's t); with one seed there is none. {CUT} Each seed has a training "
    "subset, pre-trained weights and batches of its own. "
    "The document's and MedMNIST's columns repeat what they print; "
    "the document validated on images of its own, and at ResNet-18's size."
)
FINAL_NOTE = (
    "The method is the one with the best mean on val, over the seeds of the tables above. It and "
    "cross-entropy were then trained on as many further seeds: all columns but `val, chose` are of "
    "these trainings, which chose nothing. Test chose nothing either. The interval of test "
    "holds the spread of seeds (with one seed not) and, by DeLong's variance, that of test images."
)
VERDICT_NOTE = (
    "The verdict is on MedMNIST's AUC, which is taken for one training of a recipe that varies as "
    "much over seeds as ours. It is above or below outside an interval of {level}: so the verdicts "
    "of this table ({count}) all hold in 95 % of tables (Bonferroni). One seed says nothing."
)


def markdown(rows: Sequence[Row], looks: int = 1) -> str:
    """Lay out the ablation, the losses, the final table, and what the document contradicts.

    Args:
        rows: All trainings.
        looks: How often such verdicts are read.
    """
    datasets = list(dict.fromkeys(row.dataset for row in rows))
    choosing = [row for row in rows if not row.fresh]
    compared = [*LOSSES.values(), *CONTROLS.values()]
    printed = {label: PUBLISHED_LOSSES[name] for name, label in LOSSES.items()}
    ablation, losses = (Written("", partial(_printed, lines)) for lines in (ABLATION, printed))
    parts = [
        "## The AUC margin: sampler, augmentation and decay",
        table(choosing, VARIANTS, {**MEASURED, "document, val": ablation}),
        "## Losses at the document's settings",
        table(choosing, compared, {**MEASURED, "document, val": losses}),
        NOTE,
        "## Final, on test",
        *_final(rows, looks),
    ]
    lines = contradictions(datasets)
    if lines:
        parts += ["## What the document contradicts", "\n".join(f"- {line}" for line in lines)]
    return "\n\n".join(parts) + "\n"


def choose(rows: Sequence[Row]) -> tuple[str, str]:
    """Name the method with the best mean on val, and cross-entropy beside it.

    Args:
        rows: Of one dataset and fraction.
    """
    methods = [*VARIANTS, *LOSSES.values(), *CONTROLS.values()]
    best = max(groups(rows, list(dict.fromkeys(methods))), key=lambda group: _mean(group, VAL))
    return best[0].method, BASELINE_ROW


def _final(rows: Sequence[Row], looks: int) -> tuple[str, str]:
    """Lay out, for each dataset and fraction, the method that val chose; and a note."""
    settings = by_setting(rows)
    choosing = {key: [row for row in group if not row.fresh] for key, group in settings.items()}
    best = {key: choose(group)[0] for key, group in choosing.items()}
    chosen = [
        row
        for key, group in settings.items()
        for row in group
        if row.fresh and row.method == best[key]
    ]
    tested = [group for group in by_setting(chosen).values() if group[0].dataset in MEDMNIST]
    count = sum(len(group) > 1 for group in tested)
    level = corrected(at_look(count, looks))

    def on_val(group: Sequence[Row]) -> str:
        first = group[0]
        trainings = choosing[first.dataset, first.fraction]
        return cell([row for row in trainings if row.method == first.method], VAL)

    columns: dict[str, Column] = {
        "val, chose": Written(VAL, on_val),
        "val": VAL,
        "test": Written(TEST, lambda group: with_interval(*_on_test(group))),
        WITHOUT_NEAR: APART,
        "1/255": ATTACKED.format(1),
        BASELINE_ROW: Written(TEST, lambda group: _baseline(rows, group[0])),
        "document": Written("", partial(_percent, FINAL)),
        "MedMNIST": Written("", lambda group: _percent(MEDMNIST, group)),
        "verdict": Written("", partial(_verdict, level=level)),
    }
    lines = table(chosen, list(dict.fromkeys(best.values())), columns)
    if not any(row.dataset in MEDMNIST for row in rows):
        return lines, FINAL_NOTE
    return lines, f"{FINAL_NOTE} {VERDICT_NOTE.format(level=percent(level), count=count)}"


def _baseline(rows: Sequence[Row], beside: Row) -> str:
    """Write what cross-entropy has on test, on the same dataset, fraction and seeds."""
    setting = by_setting(rows)[beside.dataset, beside.fraction]
    group = [row for row in setting if row.fresh and row.method == BASELINE_ROW]
    return cell(group, TEST) if group else "-"


def _mean(group: Sequence[Row], metric: str) -> float:
    values = _values(group, metric)
    return fmean(-1.0 if isnan(value) else value for value in values)  # never the best


def _values(group: Sequence[Row], metric: str) -> list[float]:
    """Return a score of each training; NaN where it is not defined."""
    return [nan if (value := row.scores.get(metric)) is None else value for row in group]


def _on_test(group: Sequence[Row]) -> tuple[float, float]:
    """Return the mean AUC on test, and half the width of its interval, in per cent."""
    values = np.array(_values(group, TEST))
    seeds = [seed_component(values)] if len(values) > 1 else []
    return 100 * values.mean(), 100 * half_width([*seeds, _images(group)], LEVEL)


def _images(group: Sequence[Row]) -> Component:
    """Return the variance of the mean AUC over test images, which are the same for all seeds."""
    ends = (_values(group, f"{end}.{TEST}") for end in ("low", "high"))
    width = fmean(high - low for low, high in zip(*ends, strict=True))
    return interval_component(width)


def _verdict(group: Sequence[Row], level: float) -> str:
    """Say whether the mean on test is beside what a training of an equal recipe might have."""
    published = MEDMNIST.get(group[0].dataset)
    if published is None:
        return "-"
    if len(group) < 2:
        return "one seed says nothing"
    values = np.array(_values(group, TEST))
    single = seed_component(values)  # theirs is one training, and ours the mean of several
    seeds = Component(single.variance * (1 + len(group)), single.df)
    gap, half = values.mean() - published, half_width([seeds, _images(group)], level)
    if isnan(gap) or isnan(half):
        return "-"
    return "not told apart" if abs(gap) <= half else "above" if gap > 0 else "below"


def _printed(lines: Mapping[str, Areas], group: Sequence[Row]) -> str:
    """Write what the document prints for a method on a dataset."""
    return _percent(lines.get(group[0].method, {}), group)


def _percent(areas: Areas, group: Sequence[Row]) -> str:
    value = areas.get(group[0].dataset)
    return "-" if value is None else f"{100 * value:.1f}"
