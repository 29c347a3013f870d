"""How far the ranking can be trusted: the ladder, agreement, alarms."""

from analysis.load import Run
from analysis.numbers.alarms import alarms
from analysis.numbers.ladder import attack_agreement, survival
from analysis.numbers.tables import rows_of
from analysis.report.html import Html, Section, join, table, tag
from analysis.report.sections.figure import show, show_panels
from analysis.vocabulary import format_tau
from searchspace.words import listed

MOST_NAMES = 12


def trust(run: Run) -> Section:
    """Show what the ladder kept, whether rungs and attacks agree, and what was barred."""
    counts = ", ".join(f"{row.reached} at {row.level}" for row in rows_of(survival(run)))
    scope = "References and further seeds always go on and are not counted."
    reading = "Places by value, 1 the best; trials that go on are alike, which lowers Kendall's τ."
    figures = (
        show(run, "survival", f"Sampled trials reached: {counts}.", scope),
        show_panels(run, "agreement", "Places of trials at the next rung against rung", reading,
                        "rung_agreement"),
    )  # fmt: skip
    parts = [tag("div", *figures, class_="figures"), _attacks(run), _alarms(run)]
    return Section("trust", "How far to trust the ranking", join(parts))


def _attacks(run: Run) -> Html:
    frame = attack_agreement(run)
    if frame.empty:
        return Html()
    ranked_by = run.vocabulary.describe(run.objective.metric)
    rows = [
        (row.words, format_tau(row.tau, row.low, row.high), row.trials) for row in rows_of(frame)
    ]
    caption = f"Does another score rank as {ranked_by} does? Trials that reached their budget"
    return table(("score", "Kendall's tau, 95 % interval", "trials"), rows, caption, numeric=(1, 2))


def _alarms(run: Run) -> Html:
    frame = alarms(run)
    if frame.empty:
        return tag("p", "No constraint was measured.")
    rows = [
        (
            row.constraint,
            row.meaning,
            row.measured,
            tag("span", row.missed, class_="verdict worse") if row.missed else row.missed,
            listed(row.trials.split(", "), MOST_NAMES),
        )
        for row in rows_of(frame)
    ]
    caption = "Alarms and constraints: a trial that misses one cannot win"
    headings = ("constraint", "missed means", "checked", "missed", "by")
    return table(headings, rows, caption, numeric=(2, 3))
