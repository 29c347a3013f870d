"""What a confirmation found, where a run was confirmed."""

import math

from analysis.load import Run
from analysis.report.html import Html, Section, bullets, join, table, tag
from search.confirmation.record import ConfirmationResult, read_confirmation
from search.confirmation.words import CONSTANT, heading, sentences
from search.results.tables import interval, number
from search.storage.runs import CONFIRM
from trainables.door.paths import inside
from trainables.study.about import Threat
from trainables.study.examination import CLEAN, ENSEMBLE, NOISE


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
    test = _test(record, run.about.threat)
    body = join([bullets(sentences(record)), _ranking(record), test, _cards()])
    return Section("confirmation", "Confirmation: other seeds, stronger attacks, test", body)


def attacks_of_confirmation(run: Run) -> list[str]:
    """List the attacks of a confirmation that has ended; none where there is no such.

    Raises:
        UserError: If its file is damaged.
    """
    record = read_confirmation(inside(run.folder, CONFIRM))
    return sorted(record.wins.test) if isinstance(record, ConfirmationResult) else []


def _ranking(record: ConfirmationResult) -> Html:
    rows = [
        (
            standing.name,
            number(standing.value.value),
            interval(standing.value.bounds),
            ", ".join(number(seed) for seed in standing.seeds),
            f"{number(standing.promised)} (#{standing.place})",
            ", ".join(standing.barred) + " missed" if standing.barred else "",
        )
        for standing in record.standings
    ]
    caption = (
        f"{record.score} against epsilon, {record.summary} under the worst of the "
        f"{record.plan.attacks} ensemble, on {record.images.ranking} ranking images"
    )
    heads = ("finalist", "value", "95 % interval", "seeds", "in the search", "")
    marked = [n for n, standing in enumerate(record.standings) if standing.id == record.winner]
    return table(heads, rows, caption, numeric=(1, 3, 4), marked=marked)


def _test(record: ConfirmationResult, threat: Threat) -> Html:
    conditions = next(iter(record.conditions.values()))
    columns = [
        n for n, condition in enumerate(conditions) if condition.kind in {CLEAN, NOISE, ENSEMBLE}
    ]
    heads = (
        "",
        *(heading(conditions[n], threat) for n in columns),
        record.summary,
        "95 % interval",
    )
    rows = [
        (
            record.names[name],
            *(number(scores[n].score) for n in columns),
            number(record.test[name].value),
            interval(record.test[name].bounds),
        )
        for name, scores in record.conditions.items()
    ]
    if not math.isnan(record.constant):
        values = [number(record.constant)] * len(columns) + [number(record.constant_value)]
        rows.append((CONSTANT, *values, ""))
    caption = f"{record.score} on {record.images.test} test images, opened once"
    marked = [n for n, name in enumerate(record.conditions) if name == record.winner]
    return table(heads, rows, caption, numeric=range(1, len(heads)), marked=marked)


def _cards() -> Html:
    return tag(
        "p",
        "The model, its exports and its robustness card: ",
        tag("code", f"{CONFIRM}/best"),
        " in the folder of the run.",
    )
