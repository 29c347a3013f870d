"""What the run cost."""

from analysis.load import Run
from analysis.numbers.cost import activities, busy_share, states, timeline
from analysis.numbers.tables import rows_of
from analysis.report.html import Html, Section, join, table, tag
from analysis.report.sections.figure import show
from analysis.report.words import seconds, share
from searchspace.words import plural


def cost(run: Run) -> Section:
    """Show when trials ran, what seconds went into, and how trials ended."""
    lanes, busy = int(timeline(run)["lane"].max()), share(busy_share(run))
    trials, rows = plural(len(run.record), "trial"), plural(lanes, "lane")
    words = f"{trials} in {rows}, {busy or 'none'} of whose time was used."
    note = f"{words} A lane is one trial at a time: a record does not name the process."
    figure = tag("div", show(run, "timeline", words, note), class_="figures one")
    return Section("cost", "What it cost", join((figure, _activities(run), _states(run))))


def _activities(run: Run) -> Html:
    frame = activities(run)
    kinds = [str(name) for name in frame if name not in {"activity", "total", "share"}]
    if frame.empty:
        return tag("p", "No trial has reported seconds.")
    rows = [
        (row.activity, *(seconds(getattr(row, name)) for name in kinds), seconds(row.total),
         share(row.share))
        for row in rows_of(frame)
    ]  # fmt: skip
    headings = ("activity", *kinds, "total", "share")
    caption = "Seconds by activity, and by what became of the trial; as trials reported them"
    return table(headings, rows, caption, numeric=range(1, len(headings)))


def _states(run: Run) -> Html:
    headings = ("state", "references", "sampled", "further seeds")
    rows = [(row.state, row.references, row.sampled, row.seeds) for row in rows_of(states(run))]
    refused = f"; {run.refused} more proposals were refused untrained" if run.refused else ""
    return table(headings, rows, f"Trials by state{refused}", numeric=(1, 2, 3))
