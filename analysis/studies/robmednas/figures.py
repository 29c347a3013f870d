"""Figures of what follows a RobMedNAS search: the paper's figures 6 and 7."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.style import COLOURS, MARKERS, styled
from analysis.studies.robmednas.experiments import curves, trainings
from trainables.synthesis.about import REGIONS, THREAT

KINDS = {"fgsm": "FGSM", "pgd": "PGD", "noise": "Gaussian noise"}
MEASURES = {"mae": "MAE in HU, mean over regions", "dice": "Dice, mean over regions"}
STRENGTHS = {
    "fgsm": THREAT.axis,
    "pgd": THREAT.axis,
    "noise": "standard deviation of the noise, in those of the MR",
}
ATTACK = "pgd"


def draw_corruption(scores: pd.DataFrame) -> Figure:
    """Draw MAE and Dice along rising attack and noise, bars one standard deviation of subjects."""
    found = curves(scores)
    kinds = [kind for kind in KINDS if kind in set(found["kind"])]
    with styled():
        canvas = Figure(figsize=(7.6, 0.8 + 2.2 * max(1, len(kinds))), layout="constrained")
        axes = canvas.subplots(max(1, len(kinds)), 2, squeeze=False)
        for kind, pair in zip(kinds, axes, strict=False):
            for measure, ax in zip(MEASURES, pair, strict=True):
                own = found[(found["kind"] == kind) & (found["measure"] == measure)]
                _lines(ax, own)
                ax.set_title(KINDS[kind])
                ax.set_ylabel(MEASURES[measure])
                ax.set_xlabel(STRENGTHS[kind])
                ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    return canvas


def draw_stability(scores: pd.DataFrame) -> Figure:
    """Draw the scores of every training by region under PGD, one panel a measure and a cause."""
    found = trainings(scores, ATTACK)
    kinds, rows = list(found["kind"].unique()), list(found["row"].unique())
    with styled():
        canvas = Figure(figsize=(7.6, 0.8 + 2.3 * max(1, len(kinds))), layout="constrained")
        axes = canvas.subplots(max(1, len(kinds)), 2, squeeze=False)
        for kind, pair in zip(kinds, axes, strict=False):
            for measure, ax in zip(MEASURES, pair, strict=True):
                own = found[(found["kind"] == kind) & found["score"].str.startswith(measure)]
                _boxes(ax, own, measure, rows)
                count = own["number"].nunique()
                ax.set_title(f"{count} trainings, other {kind}")
                ax.set_ylabel(f"{MEASURES[measure].split(',')[0]} under PGD")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return canvas


def _lines(ax: Axes, found: pd.DataFrame) -> None:
    for place, (row, own) in enumerate(found.groupby("row", sort=False)):
        ax.errorbar(
            own["strength"], own["mean"], own["deviation"], label=str(row),
            color=COLOURS[place % len(COLOURS)], marker=MARKERS[place % len(MARKERS)],
            ms=3.5, lw=1.3, elinewidth=0.6, capsize=1.5,
        )  # fmt: skip


def _boxes(ax: Axes, found: pd.DataFrame, measure: str, rows: list[str]) -> None:
    width = 0.8 / len(rows)
    for place, row in enumerate(rows):
        colour, own = COLOURS[place % len(COLOURS)], found[found["row"] == row]
        values = [own.loc[own["score"] == f"{measure}_{region}", "value"] for region in REGIONS]
        at = [number + (place - (len(rows) - 1) / 2) * width for number in range(len(REGIONS))]
        line = {"color": colour, "linewidth": 1.2}
        ax.boxplot(
            [known.dropna() for known in values], positions=at, widths=0.8 * width,
            boxprops=line, whiskerprops=line, capprops=line, medianprops=line,
            flierprops={"marker": ".", "markeredgecolor": colour}, manage_ticks=False,
        )  # fmt: skip
        ax.plot([], [], color=colour, label=row)
    ax.set_xticks(range(len(REGIONS)), list(REGIONS.values()))
