"""Names written beside the lines they name, without writing one over another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy.optimize import isotonic_regression

LINE = 1.3  # height of a line of text, in font sizes
SIZE = 8  # of the font, in points


@dataclass(frozen=True)
class Label:
    """A name and the point in data coordinates that it belongs to."""

    x: float
    y: float
    text: str
    colour: str


def spread(
    positions: npt.ArrayLike, gap: float, low: float, high: float
) -> npt.NDArray[np.float64]:
    """Move positions as little as possible (in squares) until all are ``gap`` apart.

    Args:
        positions: Positions (N,), in any order, which stays the same.
        gap: Least distance of neighbours.
        low: Least position.
        high: Greatest position; exceeded only where there is no room.
    """
    targets = np.asarray(positions, dtype=np.float64)
    if len(targets) == 0:
        return targets
    order = np.argsort(targets, kind="stable")
    steps = gap * np.arange(len(targets))
    free = isotonic_regression(targets[order] - steps).x
    result = np.empty_like(targets)
    result[order] = np.clip(free, low, max(low, high - steps[-1])) + steps
    return result


def label_ends(ax: Axes, labels: Sequence[Label]) -> None:
    """Write names in a column to the right of the axes, joined by thin lines to their points.

    Args:
        ax: Axes with all that they show, as the limits must be final.
        labels: One a point.
    """
    ax.figure.figure.draw_without_rendering()  # only now the axes have their height and limits
    to_axes = ax.transData + ax.transAxes.inverted()
    heights = [to_axes.transform((label.x, label.y))[1] for label in labels]
    height_points = ax.get_window_extent().height / ax.figure.dpi * 72
    gap = LINE * SIZE / height_points
    for label, height in zip(labels, spread(heights, gap, 0, 1), strict=True):
        leader = {"arrowstyle": "-", "lw": 0.6, "alpha": 0.6, "shrinkA": 0, "shrinkB": 4}
        ax.annotate(
            label.text,
            (label.x, label.y),
            (1.06, height),
            textcoords="axes fraction",
            va="center",
            fontsize=SIZE,
            color=label.colour,
            arrowprops=leader | {"color": label.colour, "relpos": (0, 0.5)},
            annotation_clip=False,
        )
