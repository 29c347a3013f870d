"""What a comparison measured, as CSV and as lines of Markdown tables: means over seeds."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

from search.results.tables import alarm_sentence
from searchspace.words import plural
from trainables.door.text import to_cell
from trainables.metrics.influence import Sample
from trainables.metrics.skill import SKILL
from trainables.runtime.files import write_atomically

LEVEL = 0.95
MARK = "!"  # of a method that raised an alarm
CONSTANT = "a constant answer"
CUT = "Where that would leave 0 to 100, the interval's ends stand in brackets, cut at these."


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
        alarms: Which the training raised: its scores cannot be trusted, or it collapsed.
        fresh: Whether its method was chosen by the trainings of other seeds.
        samples: Of what is compared, by name, where that is known: what the test images say of it.
    """

    dataset: str
    fraction: float
    seed: int
    method: str
    headline: str
    scores: Mapping[str, float | None]
    alarms: tuple[str, ...] = ()
    fresh: bool = False
    samples: Mapping[str, Sample] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """A column that writes a metric in its own way.

    Attributes:
        metric: Its name; empty where the column is of none.
        write: Writes the cell of a line's trainings.
    """

    metric: str
    write: Callable[[Sequence[Row]], str]


Column = str | Written
"""What a column says of the trainings of a line: a metric, see `cell`, or something of its own."""


def write_csv(file: Path, rows: Sequence[Row]) -> None:
    """Write one line for each training: what it is, its alarms, and every score."""
    lines = [
        {
            "dataset": row.dataset,
            "fraction": row.fraction,
            "seed": row.seed,
            "method": to_cell(row.method),
            "alarms": " ".join(row.alarms),
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


def mean_and_half_width(values: Iterable[float]) -> tuple[float, float]:
    """Return the mean over seeds, and half of Student's 95 % interval; NaN for one seed."""
    sample = np.array(list(values), dtype=np.float64)
    if len(sample) < 2:
        return float(sample.mean()), float("nan")
    quantile = float(stdtrit(len(sample) - 1, (1 + LEVEL) / 2))
    return float(sample.mean()), quantile * float(sample.std(ddof=1)) / len(sample) ** 0.5


def table(rows: Sequence[Row], methods: Sequence[str], columns: Mapping[str, Column]) -> str:
    """Lay out a Markdown table with a line for each dataset, fraction and method that has rows.

    Below them stands what a constant answer has, where that was measured. Methods that raised an
    alarm are marked, and the lines below the table say in how many of their seeds.

    Args:
        rows: All trainings.
        methods: In the order of the lines.
        columns: By heading.
    """
    heads = ["dataset", "fraction", "method", "seeds", *columns]
    lines = [heads, ["---"] * len(heads)]
    for setting, trainings in groupby(groups(rows, methods), _setting):
        for group in trainings:
            cells = [
                cell(group, column) if isinstance(column, str) else column.write(group)
                for column in columns.values()
            ]
            lines.append([*setting, marked_names(group)[group[0].method], str(len(group)), *cells])
        constants = [_constant(group[0], column) for column in columns.values()]
        if any(constants):
            lines.append([*setting, CONSTANT, "", *(text or "-" for text in constants)])
    notes = alarm_notes([row for row in rows if row.method in methods])
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([text, *notes])


def marked_names(rows: Iterable[Row]) -> dict[str, str]:
    """Return how tables write each method: with a mark if one of its trainings raised an alarm."""
    names: dict[str, str] = {}
    for row in rows:
        if row.alarms or row.method not in names:
            names[row.method] = f"{row.method} {MARK}" if row.alarms else row.method
    return names


def alarm_notes(rows: Sequence[Row]) -> list[str]:
    """Say which methods raised an alarm in how many of their seeds, and what each alarm means."""
    raised, settings = dict[str, list[str]](), by_setting(rows)
    for (dataset, fraction), trainings in settings.items():
        setting = f" on {100 * fraction:g} % of {dataset}" if len(settings) > 1 else ""
        for group in groups(trainings, list(dict.fromkeys(row.method for row in trainings))):
            counts = Counter(alarm for row in group for alarm in row.alarms)
            for alarm, count in counts.items():
                bearer = f"{group[0].method}{setting} ({count} of {plural(len(group), 'seed')})"
                raised.setdefault(alarm, []).append(bearer)
    return [f"{MARK} {alarm_sentence(alarm, bearers)}" for alarm, bearers in raised.items()]


def _setting(group: Sequence[Row]) -> tuple[str, str]:
    return group[0].dataset, f"{100 * group[0].fraction:g} %"


def _constant(row: Row, column: Column) -> str:
    """Write what a constant answer has of a metric, in per cent; empty where that is not known."""
    template = column if isinstance(column, str) else column.metric
    metric = template.format(headline=row.headline)
    scores = [row.scores.get(f"test_constant_{part}") for part in metric.split("_")]
    score = next((score for score in scores if score is not None), None)
    if score is None or metric not in row.scores:
        return ""
    return "0.0" if metric.endswith(SKILL) else f"{100 * score:.1f}"


def groups(rows: Sequence[Row], methods: Sequence[str]) -> Iterator[list[Row]]:
    """Yield the trainings of each dataset, fraction and method that has some: its seeds.

    Args:
        rows: All trainings.
        methods: In the order in which they come.
    """
    for trainings in by_setting(rows).values():
        for method in methods:
            group = [row for row in trainings if row.method == method]
            if group:
                yield group


def by_setting(rows: Iterable[Row]) -> dict[tuple[str, float], list[Row]]:
    """Sort trainings by dataset and fraction, in the order in which these come."""
    settings: dict[tuple[str, float], list[Row]] = {}
    for row in rows:
        settings.setdefault((row.dataset, row.fraction), []).append(row)
    return settings


def cell(group: Sequence[Row], metric: str) -> str:
    """Write the mean of a metric over seeds with its interval, in per cent, see `with_interval`.

    Args:
        group: Of `groups`.
        metric: Its name; ``{headline}`` stands for the headline score of a row.
    """
    values = [row.scores.get(metric.format(headline=row.headline)) for row in group]
    scores = [100 * value for value in values if value is not None]
    if len(scores) < len(values):
        return "-"
    return with_interval(*mean_and_half_width(scores))


def with_interval(mean: float, half: float) -> str:
    """Write a mean in per cent with the half width of its interval, where it has one.

    Where that would leave 0 to 100, the ends are written instead, cut at what is possible.
    """
    if np.isnan(half):
        return f"{mean:.1f}"
    low, high = max(mean - half, 0.0), min(mean + half, 100.0)
    if (low, high) == (mean - half, mean + half):
        return f"{mean:.1f} ± {half:.1f}"
    return f"{mean:.1f} [{low:.1f}, {high:.1f}]"
