"""Marks that figures share: dots of trials, bars of intervals, what is beyond an axis, words."""

import textwrap
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from analysis.figures.style import FAINT, MUTED, SAMPLED, Look
from analysis.numbers.frames import Group

DOTTED = (0, (2, 2))
BEYOND = "▲: beyond the axis"
MANY = 100  # dots; more are smaller
LETTERS = 16  # of the small print, in an inch


def width_of(canvas: FigureBase) -> float:
    """Return the width of a figure, or of a part of one, in inches."""
    return float(canvas.get_window_extent().width / canvas.get_figure(root=True).dpi)


def wrap(canvas: FigureBase, text: str) -> str:
    """Break a line of text where it would leave the figure."""
    return textwrap.fill(text, int(LETTERS * width_of(canvas)), break_long_words=False)


def upright(text: str) -> str:
    """Break what stands beside an axis of values into two lines, at its comma."""
    return text.replace(", ", ",\n", 1)


def bar_lengths(
    values: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Return how far an interval's bar reaches from each value, as Matplotlib wants it, (2, N).

    Args:
        values: What is drawn, (N,).
        low: Lower ends; NaN where there is no interval, which has no bar.
        high: Upper ends.
    """
    middle = np.asarray(values, dtype=np.float64)
    below, above = middle - np.asarray(low, np.float64), np.asarray(high, np.float64) - middle
    return np.nan_to_num([below, above]).clip(min=0)


def time_unit(longest_s: float) -> tuple[float, str]:
    """Choose the unit of an axis of time: how many seconds it has, and its name."""
    if longest_s < 300:
        return 1.0, "seconds"
    return (60.0, "minutes") if longest_s < 3 * 3600 else (3600.0, "hours")


def dots(ax: Axes, x: npt.ArrayLike, y: npt.ArrayLike, top: float, look: dict[str, Any]) -> None:
    """Draw dots; one beyond the top is an arrow head there.

    Args:
        ax: Axes to draw on.
        x: Abscissas (N,).
        y: Ordinates (N,).
        top: The end of the axis of ordinates; inf where it shows all.
        look: What `Axes.scatter` takes, with sizes ``s`` for N dots or one for all.
    """
    abscissas, values = np.asarray(x), np.asarray(y, dtype=np.float64)
    sizes = np.broadcast_to(look["s"], values.shape) * min(1.0, MANY / max(1, len(values))) ** 0.5
    beyond = values > top
    if not beyond.all():
        ax.scatter(abscissas[~beyond], values[~beyond], **look | {"s": sizes[~beyond]})
    if beyond.any():
        arrows = look | {"marker": "^", "clip_on": False, "s": sizes[beyond]}
        ax.scatter(abscissas[beyond], np.full(beyond.sum(), top), **arrows)


def dot(group: Group, shares: npt.ArrayLike = 0.3) -> dict[str, Any]:
    """Return the look of sampled trials; one stopped is pale, and small by its budget's share."""
    if group == Group.STOPPED:
        return Look(FAINT, "o").dot() | {"zorder": 2, "s": 10 + 30 * np.asarray(shares)}
    return Look(SAMPLED, "o").dot(hollow=group == Group.BARRED)


def say(ax: Axes, text: str) -> None:
    """Say in an empty figure why it is empty."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=MUTED)
    ax.set(xticks=[], yticks=[])
