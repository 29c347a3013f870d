"""What a person reads of a confirmation, at 80 columns."""

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from search.confirmation.plan import ConfirmPlan
from search.confirmation.record import Condition, ConfirmationResult
from search.confirmation.statistics import Examinations, direction_of
from search.confirmation.verdict import Standing, constant_on, wins
from search.confirmation.words import (
    WITHOUT_NEAR,
    heading,
    level_name,
    place_in_search,
    sentences,
)
from search.results.tables import interval, number
from trainables.study.about import About
from trainables.study.examination import ENSEMBLE, NOISE
from trainables.study.study import Say

WIDEST = 16  # of a column of names
FEW = 5  # columns of conditions, whose headings fit in one line


def say_ranking(
    console: Console,
    rows: Sequence[Standing],
    examined: Examinations,
    plan: ConfirmPlan,
    metric: str,
    about: About,
) -> None:
    """Print how the finalists rank under the ensemble, and how often each attack won.

    Args:
        console: Where the user reads.
        rows: Finalists, best first.
        examined: On the ranking split.
        plan: Of the confirmation.
        metric: What finalists are compared by.
        about: How the study describes itself.
    """
    first = next(iter(examined.values()))[0]
    better = {"max": "highest", "min": "lowest"}[direction_of(first, metric)]
    constant, level = constant_on(examined, metric), level_name(about)
    title = (
        f"{first.score} against epsilon, {constant['summary']} under the worst of {plan.attacks}\n"
        f"{len(first.labels)} ranking {about.items}, {better} first"
    )
    names = level, *(row.finalist.name for row in rows)
    table = _ranking_table(title, max(len(word) for name in names for word in name.split()))
    for rank, row in enumerate(rows, start=1):
        finalist = row.finalist
        note = "control" if finalist.control else "" if finalist.candidate else "reference"
        if row.barred:
            note = ", ".join(row.barred).replace("_", " ") + " missed"  # breaks between words
        table.add_row(
            str(rank),
            Text(finalist.name),
            str(len(row.seeds)),
            number(row.value.value),
            interval((row.value.low, row.value.high)),
            place_in_search(finalist.promised, finalist.place),
            Text(note, style="yellow" if row.barred else "dim"),
        )
    if not math.isnan(constant["constant_value"]):
        value = number(constant["constant_value"])
        table.add_row("", level, "", value, "", "", "to compare with", style="dim")
    table.caption = (
        f"interval: over {about.items} and seeds; the winner is one of the best of the search"
    )
    console.print(table)
    counts = ", ".join(f"{name} {count}" for name, count in wins(examined).items())
    console.print(f"worst inputs found by: {counts}", markup=False, highlight=False)


def _ranking_table(title: str, longest: int) -> Table:
    """Lay out its columns; no word of a finalist's name, of at most so many letters, is broken."""
    table = Table(title=Text(title))
    table.add_column("#", justify="right")
    table.add_column("finalist", overflow="fold", width=min(longest, WIDEST))
    table.add_column("seeds", justify="right", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="center", no_wrap=True)
    table.add_column("in the\nsearch", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    return table


def say_test(console: Console, say: Say, record: ConfirmationResult, about: About) -> None:
    """Print what the test split says, and how far the search could be trusted.

    Args:
        console: Where the table goes.
        say: Prints a sentence.
        record: Of the confirmation.
        about: How the study describes itself; its threat model says how a radius is written.
    """
    console.print(_test_table(record, about))
    for line in sentences(record, about.items):
        say(line)


def _test_table(record: ConfirmationResult, about: About) -> Table:
    table = Table(title=Text(f"{record.score} on {record.images.test} test {about.items}"))
    table.add_column("", overflow="fold")
    columns = _columns(record)
    for condition in columns:
        words = heading(condition, about.threat)
        if len(columns) > FEW:  # else nothing would be left of the names
            unit = about.threat.suffix if condition.kind == ENSEMBLE else ""
            words = words.removesuffix(unit).replace(" ", "\n") + (unit and f"\n{unit}")
        table.add_column(words, justify="right", no_wrap=True)
    table.add_column(record.summary, justify="right", no_wrap=True)
    for name, conditions in record.conditions.items():
        mark = " (winner)" if name == record.winner else ""
        label = Text(record.names[name] + mark)
        table.add_row(label, *_cells(conditions, columns), number(record.test[name].value))
        if near := record.without_near:
            cells = _cells(near.conditions[name], columns)
            table.add_row(WITHOUT_NEAR, *cells, number(near.test[name].value), style="dim")
    if not math.isnan(record.constant):
        cells = [number(record.constant)] * len(columns)
        table.add_row(level_name(about), *cells, number(record.constant_value), style="dim")
    return table


def _cells(conditions: Sequence[Condition], columns: Sequence[Condition]) -> list[str]:
    scores = {(cell.kind, cell.strength): cell.score for cell in conditions}
    return [number(scores[column.kind, column.strength]) for column in columns]


def _columns(record: ConfirmationResult) -> list[Condition]:
    """Choose what is clean, all radii, and of the noise one strength: 80 columns hold no more.

    It is the strength at which the finalists differ most.
    """
    conditions = next(iter(record.conditions.values()))
    columns = [cell for cell in conditions if cell.kind == ENSEMBLE or not cell.strength]
    rows = [row for row, condition in enumerate(conditions) if condition.kind == NOISE]

    def spread(row: int) -> float:
        scores = [cells[row].score for cells in record.conditions.values()]
        return max(scores) - min(scores)

    best = max(rows, key=lambda row: (spread(row), row), default=None)
    return columns + ([] if best is None else [conditions[best]])
