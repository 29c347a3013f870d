"""Figures 3, 4 and 5 of the paper.

What the networks of a comparison predict, side by side; and what every candidate of a method
reaches on test, clean and attacked. The rows of the tables show one network each, chosen on the
ranking subjects: how far a method's networks lie apart, those that were not chosen show as well.
Nothing is chosen by these scores.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from search.robmednas.rows import read_rows, write_rows
from search.robmednas.sources import (
    BASELINE,
    PLAIN,
    PLAIN_TRAINED,
    RANDOM,
    SEARCHED,
    TRAINED,
    Candidate,
    searched,
)
from search.robmednas.testing import Condition, score
from trainables.runtime.files import cannot_write, replacement
from trainables.saved.checkpoint import load_unet
from trainables.study.sheet import Column, Sheet
from trainables.synthesis.about import REGIONS
from trainables.synthesis.measurement import Measurement
from trainables.synthesis.pictures import draw_predictions
from trainables.synthesis.slices import Split

FILE = "figures_3_4.png"
INCHES, DPI = 1.5, 120  # of a cell
COLOURS = {"image": "gray", "signed": "RdBu_r", "heat": "magma"}
CANDIDATES, FIGURE = "candidates.csv", "figure_5.png"
ATTACK = "pgd"
CONTROLS = {BASELINE: "tab:red", TRAINED: "tab:blue", PLAIN: "tab:green", PLAIN_TRAINED: "black"}
KIND_COLOURS = {"clean": "tab:blue", ATTACK: "tab:orange"}
LABELS = {"clean": "candidates, clean", ATTACK: "candidates, attacked by PGD"}
MEASURES = {"dice": "Dice", "mae": "MAE in HU"}


def draw_figures(
    folder: Path, networks: Mapping[str, nn.Module], test: Split, eps: float, seed: int
) -> Path:
    """Draw MR, CT, predictions and errors of two test subjects, clean and under PGD.

    Args:
        folder: For the picture.
        networks: By row, in the order in which they are drawn.
        test: The test subjects.
        eps: Radius of the attack, in standard deviations of the MR.
        seed: Of the attack.

    Raises:
        UserError: If the picture cannot be written.
    """
    measurement = Measurement("pgd", (0.0, eps), seed, batch_size=16)
    sheet = draw_predictions(networks, test, measurement, torch.device("cpu"), "test")
    try:
        _render(sheet, folder / FILE)
    except OSError as error:
        raise cannot_write(folder / FILE, error) from error
    return folder / FILE


def _render(sheet: Sheet, file: Path) -> None:
    """Draw a sheet; front is up and the patient's right on the left, as the headers say."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    size = INCHES * len(sheet.columns) + 1, INCHES * len(sheet.rows)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(sheet.rows), len(sheet.columns), squeeze=False)
    for column, cells in enumerate(sheet.columns):
        axes[0, column].set_title(cells.title, fontsize=8)
        for row, name in enumerate(sheet.rows):
            _draw(axes[row, column], cells, row)
            if column == 0:
                axes[row, 0].set_ylabel(name, fontsize=6)
    with replacement(file) as part, part.open("wb") as stream:
        figure.savefig(stream, format="png", dpi=DPI)


def _draw(axis, cells: Column, row: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - matplotlib's
    """Draw one cell, with its note below."""
    low = -cells.high if cells.scale == "signed" else cells.low
    picture = cells.cells[row].T[::-1, ::-1]
    axis.imshow(picture, cmap=COLOURS[cells.scale], vmin=low, vmax=cells.high)
    axis.set_xticks([])
    axis.set_yticks([])
    if cells.notes:
        axis.set_xlabel(cells.notes[row], fontsize=6)


def spread(folder: Path, candidates: Sequence[Candidate], split: Split, eps: float) -> Path:
    """Score every candidate on test, unless that was done, and draw figure 5.

    Args:
        folder: Of the comparison, with a model for each candidate.
        candidates: All of them.
        split: The test subjects.
        eps: Radius of the attack, in standard deviations of the MR.

    Returns:
        The picture.

    Raises:
        UserError: If a file cannot be written.
    """
    if not (folder / CANDIDATES).is_file():
        conditions = [Condition("clean", 0.0), Condition(ATTACK, eps)]
        rows = []
        for candidate in candidates:
            if candidate.row in {RANDOM, *CONTROLS} or candidate.row.startswith(SEARCHED):
                network = load_unet(folder / "models" / candidate.name)[0]
                scores = score({candidate.row: network}, split, conditions, 0)
                rows += [{"candidate": candidate.name, **values} for values in scores]
        write_rows(folder / CANDIDATES, rows)
    try:
        draw_spread(means_of(read_rows(folder / CANDIDATES)), folder / FIGURE)
    except OSError as error:
        raise cannot_write(folder / FIGURE, error) from error
    return folder / FIGURE


def means_of(scores: pd.DataFrame) -> pd.DataFrame:
    """Average the scores of each candidate over subjects.

    Args:
        scores: As in ``candidates.csv``.

    Returns:
        ``row``, ``candidate``, ``kind``, ``score``, ``value``.
    """
    keys = ["row", "candidate", "kind", "score"]
    return scores.groupby(keys, sort=False)["value"].mean().reset_index()


def draw_spread(means: pd.DataFrame, file: Path) -> None:
    """Draw a box of each method's candidates, clean and attacked, and a line for each control.

    Args:
        means: As `means_of` returns them.
        file: PNG, written whole or not at all.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    drawn = [RANDOM] if RANDOM in set(means["row"]) else []
    methods = [*drawn, *searched(means["row"])[::-1]]
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    grid = figure.subplots(len(MEASURES), len(REGIONS), squeeze=False)
    for (measure, title), axes in zip(MEASURES.items(), grid, strict=True):
        for (region, name), axis in zip(REGIONS.items(), axes, strict=True):
            values = means[means["score"] == f"{measure}_{region}"]
            _panel(axis, values, methods)
            axis.set_title(name, fontsize=9)
        axes[0].set_ylabel(title)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=8)
    with replacement(file) as part, part.open("wb") as stream:
        figure.savefig(stream, format="png", dpi=120)


def _panel(axis, values: pd.DataFrame, methods: Sequence[str]) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - matplotlib's
    """Draw one region's boxes and lines."""
    for shift, (kind, colour) in zip((-0.2, 0.2), KIND_COLOURS.items(), strict=True):
        columns = [_of(values, method, kind) for method in methods]
        places = [number + shift for number in range(len(methods))]
        line = {"color": colour}
        axis.boxplot(
            columns, positions=places, widths=0.3, manage_ticks=False, showfliers=False,
            boxprops=line, whiskerprops=line, capprops=line, medianprops=line,
        )  # fmt: skip
        for place, column in zip(places, columns, strict=True):
            axis.plot([place] * len(column), column, ".", color=colour, ms=4)
        axis.plot([], [], color=colour, label=LABELS[kind])
    for control, colour in CONTROLS.items():
        if attacked := _of(values, control, ATTACK):
            axis.axhline(attacked[0], color=colour, lw=0.8, ls="--", label=f"{control}, attacked")
    axis.set_xticks(range(len(methods)), [method.removeprefix(SEARCHED) for method in methods])


def _of(values: pd.DataFrame, row: str, kind: str) -> list[float]:
    chosen = values[(values["row"] == row) & (values["kind"] == kind)]
    return [float(value) for value in chosen["value"].dropna()]
