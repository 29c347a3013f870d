"""The decomposition as bars, and scores along the severity of corruptions."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.marks import bar_lengths
from analysis.figures.style import COLOURS, MARKERS, styled
from analysis.studies.nonrobust.numbers import CONDITIONS, curves


def draw_decomposition(table: pd.DataFrame, chance: float, attack: str) -> Figure:
    """Draw a group of bars for each network, with its intervals, and chance as a line.

    Args:
        table: As of `numbers.decomposition`.
        chance: The score of a constant answer.
        attack: The condition of the attack in words, such as ``PGD, 4/255``.
    """
    names = {"clean": "clean", "attacked": attack, "corrupted": "corrupted"}
    positions, width = np.arange(len(table)), 0.8 / len(CONDITIONS)
    with styled():
        canvas = Figure(figsize=(7.6, 1.2 + 0.42 * len(table)), layout="constrained")
        ax = canvas.subplots()
        for number, condition in enumerate(CONDITIONS):
            values = table[condition].to_numpy(dtype=float)
            low, high = (
                table[f"{condition} {end}"].to_numpy(dtype=float) for end in ("low", "high")
            )
            ax.barh(
                positions + (number - 1) * width,
                values,
                width,
                xerr=bar_lengths(values, low, high),
                label=names[condition],
                color=COLOURS[number + 1],
                error_kw={"elinewidth": 0.8},
            )
        ax.axvline(chance, color="0.4", linestyle=":", label="a constant answer")
        ax.set_yticks(positions, table["network"].tolist())
        ax.invert_yaxis()
        ax.set_xlim(0, 1)
        ax.set_xlabel("balanced accuracy")
        canvas.legend(loc="outside lower center", ncols=4, frameon=False)
    return canvas


def draw_corruptions(frame: pd.DataFrame) -> Figure:
    """Draw the balanced accuracy of each network along the severity, a panel for each fold.

    Args:
        frame: As of `numbers.read_corruptions`.
    """
    table, suite = curves(frame), ", ".join(frame["suite"].unique())
    folds, networks = table["fold"].unique(), table["network"].unique()
    with styled():
        canvas = Figure(figsize=(7.6, 0.9 + 2.2 * -(-len(folds) // 2)), layout="constrained")
        axes = list(canvas.subplots(-(-len(folds) // 2), 2, squeeze=False, sharey=True).flat)
        for fold, ax in zip(folds, axes, strict=False):
            for number, network in enumerate(networks):
                rows = table[(table["fold"] == fold) & (table["network"] == network)]
                look = {
                    "color": COLOURS[number % len(COLOURS)],
                    "marker": MARKERS[number % len(MARKERS)],
                    "markersize": 3,
                }
                ax.plot(rows["severity"], rows["bacc"], label=network, **look)
            ax.set_title(f"{fold}, {suite}")
            ax.set_xlabel("severity")
            ax.set_ylabel("balanced accuracy")
        for ax in axes[len(folds) :]:
            ax.set_axis_off()
        handles, labels = canvas.axes[0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return canvas
