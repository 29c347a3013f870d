"""Figures of generators and of the split."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.marks import bar_lengths
from analysis.figures.style import COLOURS, MARKERS, SAMPLED, WINNER, styled
from analysis.studies.gansplit.numbers import ADD, AUTHENTIC, REPLACE, SCORES

BARS: Any = {"elinewidth": 1.0, "capsize": 2.5}
AXES = {
    REPLACE: "share of authentic images replaced",
    ADD: "synthetic images added, of the authentic ones",
}


def draw_generators(frame: pd.DataFrame) -> Figure:
    """Draw each measure of each generator with its interval, a panel for each measure.

    Args:
        frame: As of `analysis.studies.gansplit.numbers.generators`.
    """
    measures, names = list(frame["measure"].unique()), list(frame["generator"].unique())
    with styled():
        columns = 3
        lines = -(-len(measures) // columns)
        canvas = Figure(figsize=(7.6, 0.4 + 0.5 * lines * (1.6 + 0.3 * len(names))))
        canvas.set_layout_engine("constrained")
        axes = canvas.subplots(lines, columns, squeeze=False).flatten()
        for measure, ax in zip(measures, axes, strict=False):
            rows = frame[frame["measure"] == measure].set_index("generator").loc[names]
            for height, (colour, row) in enumerate(
                zip(COLOURS * len(names), rows.itertuples(), strict=False)
            ):
                bars = bar_lengths([row.value], [row.low], [row.high])
                ax.errorbar([row.value], [height], xerr=bars, fmt="o", color=colour, **BARS)
            ax.set_yticks(range(len(names)), names)
            ax.set_ylim(len(names) - 0.5, -0.5)
            ax.set_title(measure)
        for ax in axes[len(measures) :]:
            ax.set_visible(False)
    return canvas


def draw_points(frame: pd.DataFrame, axis: str) -> Figure:
    """Draw the value of every trial over its place on the split, a panel for each way to mix.

    Args:
        frame: As of `analysis.studies.gansplit.numbers.points`.
        axis: What a value is, in words.
    """
    authentic = frame["source"] == "none"
    sources = list(dict.fromkeys(frame.loc[~authentic, "source"]))
    with styled():
        canvas = Figure(figsize=(7.6, 3.6), layout="constrained")
        for mix, ax in zip((REPLACE, ADD), canvas.subplots(1, 2, sharey=True), strict=True):
            rows = frame[authentic | (frame["mix"] == mix)]
            looks = zip(["none", *sources], COLOURS * 3, MARKERS * 3, strict=False)
            for source, colour, marker in looks:
                part = rows[rows["source"] == source]
                for hollow, dots in ((True, part["radius"] == 0), (False, part["radius"] > 0)):
                    ax.scatter(
                        part.loc[dots, "part"],
                        part.loc[dots, "value"],
                        marker=marker,
                        facecolors="white" if hollow else colour,
                        edgecolors=colour,
                        label=source.replace("none", AUTHENTIC) if hollow else None,
                        zorder=3,
                    )
            best = rows[rows["winner"]]
            ax.scatter(best["part"], best["value"], marker="*", s=110, color=WINNER, zorder=4)
            ax.set_xlabel(AXES[mix])
        canvas.axes[0].set_ylabel(axis)
        handles, labels = canvas.axes[0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return canvas


def draw_curve(frame: pd.DataFrame) -> Figure:
    """Draw scores along the split with intervals over seeds, a row of panels for each dataset.

    Args:
        frame: As of `analysis.studies.gansplit.numbers.read_curve`.
    """
    groups = list(frame.groupby(["dataset", "fraction"], sort=False))
    with styled():
        canvas = Figure(figsize=(7.6, 0.7 + 2.7 * len(groups)), layout="constrained")
        axes = canvas.subplots(len(groups), len(SCORES), squeeze=False)
        for ((dataset, fraction), rows), line in zip(groups, axes, strict=True):
            for (score, words), ax in zip(SCORES.items(), line, strict=True):
                part = rows[rows["score"] == score]
                _curves(ax, part)
                ax.set_title(f"{dataset}, {100 * float(str(fraction)):g} %")
                ax.set_ylabel(words)
                ax.set_xlabel("synthetic images, of the authentic ones")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return canvas


def _curves(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw both ways to mix as lines from authentic images, and other methods as points."""
    authentic = rows[rows["mix"] == AUTHENTIC]
    for mix, colour in ((REPLACE, COLOURS[1]), (ADD, COLOURS[2])):
        line = pd.concat([authentic, rows[rows["mix"] == mix]]).sort_values("part")
        bars = bar_lengths(line["mean"], line["low"], line["high"])
        ax.errorbar(line["part"], line["mean"], bars, color=colour, marker="o", label=mix, **BARS)
    rest = rows[~rows["mix"].isin([AUTHENTIC, ADD, REPLACE])]
    names = list(rest["mix"].unique())
    looks = zip(names, (SAMPLED, *COLOURS[3:], *COLOURS), MARKERS * 3, strict=False)
    for number, (name, colour, marker) in enumerate(looks):
        part = rest[rest["mix"] == name]
        ax.errorbar(
            part["part"] + 0.04 * (number + 1),
            part["mean"],
            bar_lengths(part["mean"], part["low"], part["high"]),
            color=colour,
            marker=marker,
            linestyle="",
            label=name,
            **BARS,
        )
