"""The page of several runs side by side."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from analysis.figures.catalogue import NARROW
from analysis.figures.compare import figures_of
from analysis.load import Run
from analysis.numbers.compare import (
    comparable,
    differences,
    duels,
    names_of,
    vocabulary_of,
    winners,
)
from analysis.numbers.tables import rows_of
from analysis.report.html import Html, Section, join, link, table, tag
from analysis.report.page import page
from analysis.report.svg import inline
from analysis.report.words import format_interval, seconds
from search.results.tables import percent
from trainables.metrics.welch import LEVEL

ALTS = {
    "winners": "Winners of the runs with 95 % intervals; the numbers are in the table.",
    "trials": "Best value so far of each run against trials.",
    "time": "Best value so far of each run against time.",
}


def comparison(runs: Sequence[Run], pages: Sequence[str]) -> str:
    """Write the page of several runs.

    Args:
        runs: The runs.
        pages: Where the page of each run lies, seen from this one.
    """
    warning = comparable(runs)
    pieces = [tag("p", warning, class_="lede")] if warning else []
    pieces += [_winners(runs, pages), _duels(runs)]
    metrics = list(dict.fromkeys(run.objective.metric for run in runs))
    for metric in metrics:
        figures = [_figure(*item) for item in figures_of(runs, metric, NARROW).items()]
        words = vocabulary_of(runs, metric).describe(metric)
        pieces += [tag("h3", f"Ranked by {words}")] if len(metrics) > 1 else []
        empty = tag("p", "No run has a trial that can win: there is nothing to draw.")
        pieces.append(tag("div", *figures, class_="figures") if figures else empty)
    parts = [
        Section("winners", "What each run found", join(pieces)),
        Section("differences", "What differs between them", _differences(runs)),
    ]
    return page(f"{len(runs)} runs side by side", ", ".join(names_of(runs)), parts)


def _figure(name: str, canvas: Figure) -> Html:
    alt = ALTS[name.split("_")[1]]
    table_of = "winners" if "winners" in name else "progress"
    links = [link(f"compare_{table_of}.csv", "CSV"), link(f"{name}.png", "PNG")]
    links.append(link(f"{name}.svg", "SVG"))
    beside = tag("span", join(links, " "), class_="files")
    return tag("figure", inline(canvas, name, alt), tag("figcaption", beside))


def _winners(runs: Sequence[Run], pages: Sequence[str]) -> Html:
    rows = []
    for row, target in zip(rows_of(winners(runs)), pages, strict=True):
        vocabulary = vocabulary_of(runs, row.metric)
        value = "" if math.isnan(row.value) else vocabulary.format_value(row.metric, row.value)
        gain = vocabulary.format_gain(row.metric, row.gain)
        gain = "" if math.isnan(row.gain) else f"{gain} over {row.over}"
        bounds = format_interval(vocabulary, row.metric, row.gain_low, row.gain_high, signed=True)
        interval = format_interval(vocabulary, row.metric, row.low, row.high)
        constant = "" if math.isnan(row.constant) else f"{row.constant:.3g}"
        compute, words = seconds(row.compute_s), vocabulary.describe(row.metric)
        rows.append((
            link(target, row.run), row.state, row.winner or "none", words, value,
            interval, constant, join((gain, " ", tag("span", bounds, class_="whole"))),
            row.trials, compute,
        ))  # fmt: skip
    headings = ("run", "state", "winner", "metric", "value", "95 % interval",
                "level to beat", "gain over the closest reference",
                "trials", "compute")  # fmt: skip
    return table(headings, rows, "The winner of each run", numeric=(4, 5, 6, 8, 9))


def _duels(runs: Sequence[Run]) -> Html:
    rows, levels = [], set[float]()
    for row in rows_of(duels(runs)):
        levels.add(row.level)
        vocabulary = vocabulary_of(runs, row.metric)
        gain = vocabulary.format_gain(row.metric, row.gain)
        bounds = format_interval(vocabulary, row.metric, row.low, row.high, signed=True)
        rows.append((row.run, row.other, gain, bounds, row.verdict))
    if not rows:
        return Html()
    (level,) = map(percent, levels)
    headings = ("winner of", "against that of", "gain", f"{level} interval", "verdict")
    caption = (
        "Winners against each other by their means over seeds, paired by image or subject; over "
        f"seeds and images, all {len(rows)} intervals hold together in {percent(LEVEL)}"
        if len(rows) > 1
        else "Winners against each other by their means over seeds, paired by image or subject; "
        "the interval is over seeds and images"
    )
    return table(headings, rows, caption, numeric=(2, 3))


def _differences(runs: Sequence[Run]) -> Html:
    frame = differences(runs)
    if frame.empty:
        return tag("p", "Nothing: plan, settings, data, versions and code are the same.")
    rows = [tuple(row) for row in frame.itertuples(index=False)]
    return table([str(name) for name in frame], rows, "Plan, settings, data, versions and code")
