"""Figures of what follows a RobMedNAS search: the paper's figures 6 and 7, and disturbances."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.style import COLOURS, MARKERS, styled
from analysis.studies.robmednas.experiments import curves, disturbed, trainings
from trainables.synthesis.about import MR_DEVIATIONS, REGIONS

KINDS = {"fgsm": "FGSM", "pgd": "PGD", "noise": "Gaussian noise"}
MEASURES = {"mae": "MAE in HU, mean over regions", "dice": "Dice, mean over regions"}
STRENGTHS = {
    "fgsm": MR_DEVIATIONS.axis,
    "pgd": MR_DEVIATIONS.axis,
    "noise": "standard deviation of the noise, in those of the MR",
}
ATTACK = "pgd"
CAUSES = ("initialisation", "training data")  # of chance


def draw_corruption(scores: pd.DataFrame) -> Figure:
    """Draw MAE and Dice along rising attack and noise, and head MAE under disturbances.

    Bars are one standard deviation of subjects; disturbances are at their greatest strength.
    """
    frame, calm = curves(scores), disturbed(scores)
    kinds = [kind for kind in KINDS if kind in set(frame["kind"])]
    count = len(kinds) + (not calm.empty)
    with styled():
        canvas = Figure(figsize=(7.6, 0.8 + 2.2 * max(1, count)), layout="constrained")
        grid = canvas.add_gridspec(max(1, count), 2)
        axes = np.array([[canvas.add_subplot(grid[row, column]) for column in (0, 1)]
                         for row in range(max(1, len(kinds)))])  # fmt: skip
        if not calm.empty:
            _bars(canvas.add_subplot(grid[len(kinds), :]), calm)
        for kind, pair in zip(kinds, axes, strict=False):
            for measure, ax in zip(MEASURES, pair, strict=True):
                rows = frame[(frame["kind"] == kind) & (frame["measure"] == measure)]
                _lines(ax, rows)
                ax.set_title(KINDS[kind])
                ax.set_ylabel(MEASURES[measure])
                ax.set_xlabel(STRENGTHS[kind])
                ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    return canvas


def draw_stability(scores: pd.DataFrame) -> Figure:
    """Draw the scores of every training by region under PGD, one panel a measure and a cause."""
    frame = trainings(scores, ATTACK)
    kinds = [kind for kind in CAUSES if kind in set(frame["kind"])]
    rows = list(frame["row"].unique())
    with styled():
        canvas = Figure(figsize=(7.6, 0.8 + 2.3 * max(1, len(kinds))), layout="constrained")
        axes = canvas.subplots(max(1, len(kinds)), 2, squeeze=False)
        for kind, pair in zip(kinds, axes, strict=False):
            for measure, ax in zip(MEASURES, pair, strict=True):
                boxes = frame[(frame["kind"] == kind) & frame["score"].str.startswith(measure)]
                _boxes(ax, boxes, measure, rows)
                count = boxes["number"].nunique()
                ax.set_title(f"{count} trainings, other {kind}")
                ax.set_ylabel(f"{MEASURES[measure].split(',')[0]} under PGD")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return canvas


def _bars(ax: Axes, frame: pd.DataFrame) -> None:
    """Draw a group of bars for each disturbance, a bar for each row."""
    kinds, rows = list(frame["kind"].unique()), list(frame["row"].unique())
    width = 0.8 / len(rows)
    for number, row in enumerate(rows):
        errors = frame[frame["row"] == row].set_index("kind")["mean"].reindex(kinds)
        middles = np.arange(len(kinds)) + (number - (len(rows) - 1) / 2) * width
        ax.bar(middles, errors, width, color=COLOURS[number % len(COLOURS)])
    ax.set_xticks(np.arange(len(kinds)), [kind.replace(" ", "\n") for kind in kinds])
    ax.set_ylabel("head MAE in HU")
    ax.set_title("without an adversary")


def _lines(ax: Axes, frame: pd.DataFrame) -> None:
    for number, (row, curve) in enumerate(frame.groupby("row", sort=False)):
        ax.errorbar(
            curve["strength"], curve["mean"], curve["deviation"], label=str(row),
            color=COLOURS[number % len(COLOURS)], marker=MARKERS[number % len(MARKERS)],
            ms=3.5, lw=1.3, elinewidth=0.6, capsize=1.5,
        )  # fmt: skip


def _boxes(ax: Axes, frame: pd.DataFrame, measure: str, rows: list[str]) -> None:
    width, middles = 0.8 / len(rows), np.arange(len(REGIONS))
    for number, row in enumerate(rows):
        colour, scores = COLOURS[number % len(COLOURS)], frame[frame["row"] == row]
        columns = [scores[scores["score"] == f"{measure}_{region}"] for region in REGIONS]
        line = {"color": colour, "linewidth": 1.2}
        ax.boxplot(
            [column["value"].dropna() for column in columns],
            positions=middles + (number - (len(rows) - 1) / 2) * width, widths=0.8 * width,
            boxprops=line, whiskerprops=line, capprops=line, medianprops=line,
            flierprops={"marker": ".", "markeredgecolor": colour}, manage_ticks=False,
        )  # fmt: skip
        ax.plot([], [], color=colour, label=row)
    ax.set_xticks(middles, list(REGIONS.values()))
