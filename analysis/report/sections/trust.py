"""How far the ranking can be trusted: the ladder, agreement, alarms."""

from analysis.load import Run
from analysis.numbers.alarms import alarms
from analysis.numbers.ladder import attack_agreement, survival
from analysis.numbers.tables import rows_of
from analysis.report.html import Html, Section, join, table, tag
from analysis.report.sections.figure import shown, shown_in_panels
from analysis.vocabulary import written_tau

MOST_NAMES = 12


def trust(run: Run) -> Section:
    """Show what the ladder kept, whether rungs and attacks agree, and what was barred."""
    kept = ", ".join(f"{row.reached} at {row.level}" for row in rows_of(survival(run)))
    counted = "References and further seeds always go on and are not counted."
    alike = "Places by value, 1 the best; trials that go on are alike, which lowers Kendall's τ."
    figures = (
        shown(run, "survival", f"Sampled trials reached: {kept}.", counted),
        shown_in_panels(run, "agreement", "Places of trials at the next rung against rung", alike,
                        "rung_agreement"),
    )  # fmt: skip
    parts = [tag("div", *figures, class_="figures"), _attacks(run), _alarms(run)]
    return Section("trust", "How far to trust the ranking", join(parts))


def _attacks(run: Run) -> Html:
    found = attack_agreement(run)
    if found.empty:
        return Html()
    own = run.vocabulary.describe(run.objective.metric)
    rows = [
        (row.words, written_tau(row.tau, row.low, row.high), row.trials) for row in rows_of(found)
    ]
    caption = f"Does another score rank as {own} does? Trials that reached their budget"
    return table(("score", "Kendall's tau, 95 % interval", "trials"), rows, caption, numeric=(1, 2))


def _alarms(run: Run) -> Html:
    found = alarms(run)
    if found.empty:
        return tag("p", "No constraint was measured.")
    rows = [
        (
            row.constraint,
            row.meaning,
            row.measured,
            tag("span", row.missed, class_="verdict worse") if row.missed else row.missed,
            _names(row.trials),
        )
        for row in rows_of(found)
    ]
    caption = "Alarms and constraints: a trial that misses one cannot win"
    headings = ("constraint", "missed means", "asked", "missed", "by")
    return table(headings, rows, caption, numeric=(2, 3))


def _names(names: str) -> str:
    known = names.split(", ")
    if len(known) <= MOST_NAMES:
        return names
    return f"{', '.join(known[:MOST_NAMES])} and {len(known) - MOST_NAMES} more"
