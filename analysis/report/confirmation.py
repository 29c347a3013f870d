"""What a confirmation found, where a run was confirmed."""

import math
from collections.abc import Sequence

from analysis.load import Run
from analysis.report.html import Html, Section, bullets, join, table, tag
from search.confirmation.record import ConfirmationResult, WithoutNear, read_confirmation
from search.confirmation.words import (
    WITHOUT_NEAR,
    heading,
    level_name,
    place_in_search,
    sentences,
)
from search.results.tables import interval, number
from search.storage.runs import CONFIRM
from trainables.door.paths import inside
from trainables.study.about import About
from trainables.study.examination import ENSEMBLE, NOISE


def confirmation(run: Run) -> Section | None:
    """Show the confirmation of a run; nothing where there is none.

    Raises:
        UserError: If its file is damaged.
    """
    record = read_confirmation(inside(run.folder, CONFIRM))
    if record is None:
        return None
    if not isinstance(record, ConfirmationResult):
        line = "Begun and not ended: give the command again, it goes on."
        return Section("confirmation", "Confirmation", tag("p", line))
    about = run.about
    lines = bullets(sentences(record, about.items))
    body = join([lines, _ranking(record, about.items), _test(record, about), _cards()])
    return Section("confirmation", "Confirmation: other seeds, stronger attacks, test", body)


def attacks_of_confirmation(run: Run) -> list[str]:
    """List the attacks of a confirmation that has ended; none where there is no such.

    Raises:
        UserError: If its file is damaged.
    """
    record = read_confirmation(inside(run.folder, CONFIRM))
    return sorted(record.wins.test) if isinstance(record, ConfirmationResult) else []


def _ranking(record: ConfirmationResult, items: str) -> Html:
    rows = [
        (
            standing.name,
            number(standing.value.value),
            interval(standing.value.bounds),
            ", ".join(number(seed) for seed in standing.seeds),
            place_in_search(standing.promised, standing.place),
            ", ".join(standing.barred) + " missed" if standing.barred else "",
        )
        for standing in record.standings
    ]
    caption = (
        f"{record.score} against epsilon, {record.summary} under the worst of the "
        f"{record.plan.attacks} ensemble, on {record.images.ranking} ranking {items}"
    )
    heads = ("finalist", "value", "95 % interval", "seeds", "in the search", "")
    marked = [n for n, standing in enumerate(record.standings) if standing.id == record.winner]
    return table(heads, rows, caption, numeric=(1, 3, 4), marked=marked)


def _test(record: ConfirmationResult, about: About) -> Html:
    conditions = next(iter(record.conditions.values()))
    columns = [
        n
        for n, condition in enumerate(conditions)
        if condition.kind in {NOISE, ENSEMBLE} or not condition.strength
    ]
    heads = (
        "",
        *(heading(conditions[n], about.threat) for n in columns),
        record.summary,
        "95 % interval",
    )
    rows, marked = list[tuple[str, ...]](), []
    near = record.without_near
    for name in record.conditions:
        if name == record.winner:
            marked.append(len(rows))
        rows.append(_scores(record.names[name], name, record, columns))
        if near:
            rows.append(_scores(WITHOUT_NEAR.strip(), name, near, columns))
    if not math.isnan(record.constant):
        values = [number(record.constant)] * len(columns) + [number(record.constant_value)]
        rows.append((level_name(about), *values, ""))
    caption = f"{record.score} on {record.images.test} test {about.items}, opened once"
    if near:
        caption += (
            f"; second lines: on the {near.images} without near copies among the {about.items} "
            "that trained, chose or ranked"
        )
    return table(heads, rows, caption, numeric=range(1, len(heads)), marked=marked)


def _scores(
    label: str, name: str, part: ConfirmationResult | WithoutNear, columns: Sequence[int]
) -> tuple[str, ...]:
    """Return a row of the table of test.

    Args:
        label: What the row is called.
        name: Id of the finalist.
        part: All of test, or those without near copies.
        columns: Numbers of the conditions.
    """
    scores, value = part.conditions[name], part.test[name]
    cells = (number(scores[n].score) for n in columns)
    return label, *cells, number(value.value), interval(value.bounds)


def _cards() -> Html:
    return tag(
        "p",
        "The model, its exports and, after enough guesses, its robustness card: ",
        tag("code", f"{CONFIRM}/best"),
        " in the folder of the run.",
    )
