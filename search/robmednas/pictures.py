"""Figures 3 and 4 of the paper: what the networks of a comparison predict, side by side."""

from collections.abc import Mapping
from pathlib import Path

import torch

from trainables.models.ct.networks import CTNetwork
from trainables.runtime.files import cannot_write, replacement
from trainables.study.sheet import Column, Sheet
from trainables.synthesis.measurement import Measurement
from trainables.synthesis.pictures import draw_predictions
from trainables.synthesis.slices import Split

FILE = "figures_3_4.png"
INCHES, DPI = 1.5, 120  # of a cell
COLOURS = {"image": "gray", "signed": "RdBu_r", "heat": "magma"}


def draw_figures(
    folder: Path, networks: Mapping[str, CTNetwork], test: Split, eps: float, seed: int
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
