"""What the run claims: the winner, its gains, and how far to trust them."""

import math

from analysis.load import Run
from analysis.numbers.claim import CONDITIONS, condition, gains_over, sentences, ties, winner_row
from analysis.numbers.cost import activities
from analysis.numbers.tables import rows_of
from analysis.report.html import Html, Section, bullets, join, safe, table, tag, terms
from analysis.report.sections.figure import show_exhibits
from analysis.report.words import format_interval, seconds
from search.engine.trial import State


def claim(run: Run) -> Section:
    """Say in words, numbers and a table what the run found."""
    lines = sentences(run)
    parts = [tag("p", lines[0], class_="lede"), _tiles(run)]
    parts += [_gains(run)] if winner_row(run) else []
    parts += [bullets(lines[1:])] if lines[1:] else []
    parts += [_config(run), show_exhibits(run)]
    return Section("claim", "What was found", join(parts))


def _tiles(run: Run) -> Html:
    """Show the few numbers that matter most."""
    first, metric, words = winner_row(run), run.objective.metric, run.vocabulary
    spent = activities(run)["total"].sum()
    completed = sum(trial.state is State.COMPLETED for trial in run.record)
    tiles: list[tuple[str, object, object]] = []
    if first is not None:
        rivals = len(ties(run))
        distinct = f"{rivals} more cannot be told apart" if rivals else "told apart from all others"
        if run.objective.other is not None:  # no single value tells trials apart
            distinct = "taken from the Pareto front"
        tiles.append(("winner", first.trial.label or first.trial.id, distinct))
        bounds = format_interval(words, metric, *(first.interval or (math.nan, math.nan)))
        tiles.append((words.describe(metric), words.format_value(metric, first.value), bounds))
    name = condition(run)
    tiles += [
        ("trials", len(run.record), f"{completed} to the last rung"),
        ("compute", seconds(spent), f"in {seconds(run.elapsed_s)} of work"),
        ("the run", name, CONDITIONS[name].partition(": ")[2]),
    ]
    return tag(
        "div",
        *(
            tag("div", tag("small", name), tag("b", value), tag("span", note))
            for name, value, note in tiles
        ),
        class_="tiles",
    )


def _gains(run: Run) -> Html:
    frame, metric = gains_over(run), run.objective.metric
    if frame.empty:
        return tag("p", "No other reference reached its budget: there is nothing to compare with.")
    rows = [
        (
            f"{row.over}{' (control)' if row.control else ''}",
            run.vocabulary.format_gain(metric, row.gain),
            format_interval(run.vocabulary, metric, row.low, row.high, signed=True),
            tag("span", row.verdict, class_=f"verdict {row.verdict.split()[0]}"),
        )
        for row in rows_of(frame)
    ]
    caption = (
        "Gain of the winner over each reference, towards better; intervals over "
        f"{run.about.items} and seeds, which hold together in 95 % of runs"
    )
    headings = ("reference", "gain", "interval", "the winner is")
    return table(headings, rows, caption, numeric=(1, 2))


def _config(run: Run) -> Html:
    first = winner_row(run)
    if first is None:
        return Html()
    pairs = [
        (key, f"{value:.4g}" if isinstance(value, float) else value)
        for key, value in first.trial.config.items()
    ]
    summary = tag("summary", "The winner's config")
    return tag("details", summary, terms((str(key), safe(value)) for key, value in pairs))
