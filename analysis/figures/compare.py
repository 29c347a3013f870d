"""Figures of several runs side by side."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.labels import Label, label_ends
from analysis.figures.marks import time_unit, upright
from analysis.figures.style import COLOURS, MARKERS, styled
from analysis.load import Run
from analysis.numbers.compare import names_of, progress, vocabulary_of, winners


def draw_progress(runs: Sequence[Run], metric: str, x: str, width: float) -> Figure:
    """Draw the best value so far of each run that is ranked by a metric.

    Args:
        runs: The runs.
        metric: Runs that are ranked by another are left out.
        x: ``number`` of sampled trials that have ended, or ``ended_s``, seconds of work.
        width: In inches.
    """
    frame, names = progress(runs), names_of(runs)
    scale, unit = time_unit(max(run.elapsed_s for run in runs)) if x == "ended_s" else (1.0, "")
    with styled():
        canvas = Figure(figsize=(width, 3.4), layout="constrained")
        ax, ends = canvas.subplots(), []
        for number, name in enumerate(names):
            rows = (frame["run"] == name) & (frame["metric"] == metric)
            steps = frame[rows].dropna(subset="best")
            if not steps.empty:
                ends.append(_draw_run(ax, steps, steps[x] / scale, COLOURS[number % len(COLOURS)]))
        against = f"{unit} from the start" if unit else "sampled trials that have ended"
        ax.set(xlabel=against, ylabel=upright(vocabulary_of(runs, metric).describe(metric)))
        ax.set_title(f"Best so far against {'time' if unit else 'trials'}")
        if unit:
            ax.set_xlim(left=0)
        else:
            ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        label_ends(ax, ends)
    return canvas


def draw_winners(runs: Sequence[Run], metric: str, width: float) -> Figure:
    """Draw the winner of each run that is ranked by a metric, with its 95 % interval.

    Args:
        runs: The runs.
        metric: Runs that are ranked by another are left out.
        width: In inches.
    """
    names, frame = names_of(runs), winners(runs)
    rows = frame[(frame["metric"] == metric) & frame["value"].notna()]
    with styled():
        canvas = Figure(figsize=(width, 1.2 + 0.3 * max(2, len(rows))), layout="constrained")
        ax = canvas.subplots()
        ax.set_title("Winners, with 95 % intervals")
        for height, (_, row) in enumerate(rows.iterrows()):
            number = names.index(row["run"])
            colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
            ax.plot([row["low"], row["high"]], [height, height], color=colour, alpha=0.5, lw=2)
            ax.plot([row["value"]], [height], color=colour, marker=marker)
        ax.set_yticks(range(len(rows)), [f"{row.run}: {row.winner}" for row in rows.itertuples()])
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_xlabel(vocabulary_of(runs, metric).describe(metric))
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=False, axis="y")
    return canvas


def figures_of(runs: Sequence[Run], metric: str, width: float) -> dict[str, Figure]:
    """Draw what compares the runs that are ranked by a metric.

    Args:
        runs: The runs.
        metric: Runs that are ranked by another are left out.
        width: In inches.

    Returns:
        The figures by the names of their files, without an ending; none that would be empty.
    """
    metrics = list(dict.fromkeys(run.objective.metric for run in runs))
    number = f"_{metrics.index(metric) + 1}" if metric != metrics[0] else ""
    figures = {}
    if _has(progress(runs), metric, "best"):
        figures[f"compare_trials{number}"] = draw_progress(runs, metric, "number", width)
        figures[f"compare_time{number}"] = draw_progress(runs, metric, "ended_s", width)
    if _has(winners(runs), metric, "value"):
        figures[f"compare_winners{number}"] = draw_winners(runs, metric, width)
    return figures


def _has(frame: pd.DataFrame, metric: str, column: str) -> bool:
    """Tell whether runs that are ranked by a metric have a value in a column."""
    return bool(frame.loc[frame["metric"] == metric, column].notna().any())


def _draw_run(ax: Axes, steps: pd.DataFrame, x: pd.Series, colour: str) -> Label:
    ax.step(x, steps["best"], where="post", color=colour)
    ax.plot(x.iloc[-1:], steps["best"].iloc[-1:], ".", color=colour)
    return Label(x.iloc[-1], steps["best"].iloc[-1], str(steps["run"].iloc[0]), colour)
