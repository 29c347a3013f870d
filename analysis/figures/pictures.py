"""The pictures of a run, drawn from the numbers that it wrote."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.style import INK, MUTED, styled
from analysis.load import Run
from search.record.run_folder import RunFolder
from trainables.door.arrays import SCORES_BYTES
from trainables.runtime.arrays import Floats32
from trainables.study.sheet import Column, Sheet, read_sheet

CELL, NOTE, TOP, SIDE, GAP = 1.0, 0.2, 0.3, 0.95, 0.06  # inches
KEY, BAR_FROM, BAR = 0.34, 0.2, 0.06
SMALL, LETTER = 7.0, 0.06  # points; inches of the width of a letter of that size
MAPS = {"image": "gray", "signed": "RdBu_r", "heat": "inferno"}
OVER = 0.6  # opacity of heat over its image, where it is hottest


def sheets(run: Run) -> list[Sheet]:
    """Read the sheets of a run; none where it wrote none.

    Raises:
        UserError: If a file is damaged, or they are too large together.
    """
    pages, space = list[Sheet](), SCORES_BYTES
    for file in RunFolder(run.folder).sheets():
        page = read_sheet(file, space)
        space -= sum(column.cells.nbytes // 2 for column in page.columns)  # half precision
        pages.append(page)
    return pages


def draw_sheet(sheet: Sheet) -> Figure:
    """Draw a sheet: a row of pictures each, and a key to the colours of columns with a unit."""
    tall, wide = sheet.columns[0].cells.shape[1:3]  # the same for all
    height = CELL * tall / wide
    note = NOTE if any(column.notes for column in sheet.columns) else GAP
    key = KEY if any(column.unit for column in sheet.columns) else 0
    side = max(SIDE, 2 * GAP + LETTER * max(map(len, sheet.rows)))
    size = side + len(sheet.columns) * (CELL + GAP), TOP + len(sheet.rows) * (height + note) + key
    with styled():
        canvas = Figure(figsize=size)
        for number, column in enumerate(sheet.columns):
            left = side + number * (CELL + GAP)
            for row, name in enumerate(sheet.rows):
                bottom = size[1] - TOP - row * (height + note) - height
                ax = _axes(canvas, left, bottom, height)
                _draw_cell(ax, sheet, column, row)
                if row == 0:
                    ax.set_title(column.title, fontsize=SMALL + 0.5, pad=4, loc="center")
                if column.notes:
                    words = {"ha": "center", "va": "top", "color": MUTED, "fontsize": SMALL}
                    ax.text(0.5, -0.03, column.notes[row], words, transform=ax.transAxes)
                if number == 0:
                    words = {"ha": "right", "va": "center", "color": INK, "fontsize": SMALL}
                    ax.text(-0.08, 0.5, name, words, transform=ax.transAxes)
            if column.unit:
                _draw_key(_axes(canvas, left, BAR_FROM, BAR), column)
    return canvas


def _axes(canvas: Figure, left: float, bottom: float, height: float) -> Axes:
    """Make axes without axes; lengths in inches."""
    wide, tall = canvas.get_size_inches()
    ax = canvas.add_axes((left / wide, bottom / tall, CELL / wide, height / tall))
    ax.set_axis_off()
    return ax


def _draw_cell(ax: Axes, sheet: Sheet, column: Column, row: int) -> None:
    cell = column.cells[row]
    if column.scale == "heat":
        cell = _over(sheet.columns[0], row, cell)
    low, high = _ends(column)
    pixels = np.clip(cell, 0, 1) if cell.ndim == 3 else cell
    ax.imshow(pixels, cmap=MAPS[column.scale], vmin=low, vmax=high, interpolation="none")


def _over(column: Column, row: int, heat: Floats32) -> Floats32:
    """Lay heat over a picture, thicker where it is hotter: an SVG would not blend two images."""
    under = column.cells[row]
    if under.ndim == 2:
        grey = (under - column.low) / (column.high - column.low)
        under = np.repeat(grey[..., None], 3, axis=2)
    share = OVER * np.clip(heat, 0, 1)[..., None]
    hot = colormaps[MAPS["heat"]](heat)[..., :3]
    blended: Floats32 = (1 - share) * np.clip(under, 0, 1) + share * hot
    return blended


def _ends(column: Column) -> tuple[float, float]:
    return (-column.high if column.scale == "signed" else column.low), column.high


def _draw_key(ax: Axes, column: Column) -> None:
    """Draw the colours as a bar, its ends labelled."""
    ramp = np.linspace(0, 1, 64)[None]
    ax.imshow(ramp, cmap=MAPS[column.scale], aspect="auto", interpolation="none")
    words = {"va": "top", "color": MUTED, "fontsize": SMALL - 0.5}
    for number, end in enumerate(_ends(column)):
        text = f"{end:.2g}" if abs(end) < 100 else f"{end:.0f}"
        side = ("left", "right")[number]
        ax.text(number, -0.5, text, words, ha=side, transform=ax.transAxes)
    ax.text(0.5, -0.5, column.unit, words, ha="center", transform=ax.transAxes)
