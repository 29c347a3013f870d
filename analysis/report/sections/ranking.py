"""The trials in order, under attack, and what robustness costs."""

import math
from typing import Any

from analysis.load import Run
from analysis.numbers.frames import level_of, robustness, second_metric, standings, trade_off
from analysis.numbers.tables import leaderboard, rows_of, yardstick
from analysis.report.html import Html, Section, join, link, safe, table, tag
from analysis.report.sections.figure import show, show_panels
from analysis.report.words import format_interval, format_size
from search.results.differences import seed_spread
from searchspace.words import plural

MOST = 25  # rows of the table, and all references and controls beyond
SIZES = {"parameters", "multiply_adds"}


def ranking(run: Run) -> Section:
    """Show the leaderboard, as a figure and as a table."""
    frame = standings(run)
    metric = run.vocabulary.describe(run.objective.metric)
    alt = f"No trial has a value of {metric}."
    if not frame.empty:
        first, last = frame.iloc[0], frame.iloc[-1]
        words = run.vocabulary
        values = [words.format_value(run.objective.metric, end["value"]) for end in (first, last)]
        alt = (
            f"{plural(len(frame), 'trial')} by {metric} with 95 % intervals, from {first['name']} "
            f"with {values[0]} to {last['name']} with {values[1]}."
        )
    seeds = "and seeds" if seed_spread(run.rows, run.objective).is_known else "alone"
    note = f"References are always shown; intervals are over {run.about.items} {seeds}."
    figures = show(run, "leaderboard", alt, note, "standings"), _price(run)
    row = tag("div", *figures, class_="figures")
    return Section("ranking", "The trials in order", join((row, _table(run))))


def robust(run: Run) -> Section:
    """Show robustness against epsilon, as figures and in numbers."""
    alt = "Score of the winner and the references against epsilon under"
    note = "Shaded: 95 % interval of the winner under the attack that ranks."
    parts = show_panels(run, "robustness", alt, note), _scores(run)
    return Section("robustness", "Robustness", join(parts))


def _price(run: Run) -> Html:
    """Show the metric that ranks against the second one."""
    frame, second = trade_off(run), second_metric(run)
    names = run.vocabulary.describe(run.objective.metric), run.vocabulary.describe(second)
    alt = f"{plural(len(frame), 'trial')} that reached their budget: {names[0]} against {names[1]}."
    note = "Trials that reached their budget; no line is fitted."
    if run.objective.other:
        front = ", ".join(frame.loc[frame["front"], "name"])
        note = f"On the Pareto front: {front or 'none'}."
    return show(run, "clean_and_robust", f"{alt} {note}", note, "trade_off")


def _scores(run: Run) -> Html:
    """List the score of winner and references at each radius of each attack."""
    frame = robustness(run)
    if frame.empty:
        return Html()
    score = run.vocabulary.score(yardstick(run).score)
    radii = sorted(frame["eps"].unique())
    rows: list[tuple[bool, tuple[object, ...]]] = []
    for (trial, name, attack), curve in frame.groupby(["trial", "name", "attack"], sort=False):
        points = {point.eps: point for point in rows_of(curve)}
        cells = [_score_at(score.digits, points[eps]) if eps in points else "" for eps in radii]
        rows.append((str(trial) == run.winner, (str(name), str(attack).upper(), *cells)))
    level = yardstick(run).level
    if not math.isnan(level):
        rows.append(
            (False, (run.about.level, "any", *(f"{level:.{score.digits}f}" for _ in radii)))
        )
    headings = ("trial", "attack", *(f"ε = {eps:g}" for eps in radii))
    caption = f"{score.words}, {run.about.threat.axis}; 95 % intervals where known"
    marked = [number for number, (winner, _) in enumerate(rows) if winner]
    numeric = range(2, len(headings))
    return table(headings, [row for _, row in rows], caption, numeric=numeric, marked=marked)


def _score_at(digits: int, row: Any) -> Html:  # noqa: ANN401 - a row of a frame
    value = f"{row.value:.{digits}f}"
    if math.isnan(row.low):
        return safe(value)
    return join((value, tag("small", f" [{row.low:.{digits}f}, {row.high:.{digits}f}]")))


def _table(run: Run) -> Html:
    frame, columns = leaderboard(run), run.about.columns
    listed = frame[run.trials["reference"] | (frame["rank"] <= MOST)]
    words, metric, rows = run.vocabulary, run.objective.metric, rows_of(listed)
    headings = ("trial", "#", "value", "95 % interval", *columns, "epochs", "state", "note")
    cells = [
        (
            row.trial,
            row.rank,
            "" if math.isnan(row.value) else words.format_value(metric, row.value),
            format_interval(words, metric, row.low, row.high),
            *(_score(run, column, getattr(row, column)) for column in columns),
            row.epochs,
            row.state,
            row.note,
        )
        for row in rows
    ]
    level = level_of(run, metric)
    if not math.isnan(level):
        blanks = ("",) * (len(columns) + 2)
        value = words.format_value(metric, level)
        cells.append((run.about.level, "", value, "", *blanks, "to compare with"))
    caption = "Leaderboard, best first"
    marked = [number for number, row in enumerate(rows) if row.note == "winner"]
    numeric = range(1, 5 + len(columns))
    beyond = Html()
    if count := len(frame) - len(listed):
        beyond = tag("p", f"{plural(count, 'more trial')} in ", link("leaderboard.csv", "CSV"))
    return join((table(headings, cells, caption, numeric=numeric, marked=marked), beyond))


def _score(run: Run, column: str, value: float) -> str:
    if math.isnan(value):
        return ""
    if column in SIZES:
        return format_size(value)
    return f"{value:.{run.vocabulary.score(yardstick(run).score).digits}f}"
