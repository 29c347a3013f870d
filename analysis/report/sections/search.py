"""How the search went on."""

from analysis.load import Run
from analysis.numbers.frames import best_so_far
from analysis.report.html import Section, join, tag
from analysis.report.sections.figure import show
from searchspace.words import plural


def search(run: Run) -> Section:
    """Show the best so far against trials and time."""
    frame, metric = best_so_far(run), run.objective.metric
    best = frame.dropna(subset="best")
    alt = f"After {plural(len(frame), 'sampled trial')} none that could win had reached its budget."
    if not best.empty:
        last = best.iloc[-1]
        since = best.loc[best["best"] == last["best"]].iloc[0]
        words, value = run.vocabulary, run.vocabulary.format_value(metric, last["best"])
        alt = (
            f"After {plural(len(frame), 'sampled trial')} the best {words.describe(metric)} was "
            f"{value}, by {since['trial']}, trial {since['number']} to end."
        )
    count = "Step line: the best of the trials that could win by then. Level lines: references."
    time = "Time between an end and a resumption does not count."
    figures = (
        show(run, "best_so_far", alt, count),
        show(run, "best_over_time", alt, time, "best_so_far"),
    )
    return Section("search", "How the search went on", tag("div", join(figures), class_="figures"))
