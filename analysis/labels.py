"""Names written beside what they name, without writing one over another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from scipy.optimize import isotonic_regression

Point = npt.NDArray[np.float64]

LINE = 1.3  # height of a line of text, in font sizes


@dataclass(frozen=True)
class Label:
    """A name and the point in data coordinates that it belongs to."""

    x: float
    y: float
    text: str
    colour: str


def spread(
    wanted: npt.ArrayLike, gap: float, low: float, high: float
) -> npt.NDArray[np.float64]:
    """Move positions as little as possible (in squares) until all are ``gap`` apart.

    Args:
        wanted: Positions (N,), in any order; the order is kept.
        gap: Least distance of neighbours.
        low: Least position.
        high: Greatest position; exceeded only where there is no room.
    """
    wanted = np.asarray(wanted, dtype=np.float64)
    if len(wanted) == 0:
        return wanted
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    free = isotonic_regression(wanted[order] - steps).x
    found = np.empty_like(wanted)
    found[order] = np.clip(free, low, max(low, high - steps[-1])) + steps
    return found


def label_ends(ax: Axes, labels: Sequence[Label], size: float = 8) -> None:
    """Write names in a column to the right of the axes, joined by thin lines to their points."""
    ax.figure.figure.draw_without_rendering()  # only now the axes have their height
    to_axes = ax.transData + ax.transAxes.inverted()
    wanted = [to_axes.transform((label.x, label.y))[1] for label in labels]
    height = ax.get_window_extent().height / ax.figure.dpi * 72
    for label, at in zip(labels, spread(wanted, LINE * size / height, 0, 1), strict=True):
        ax.annotate(
            label.text,
            (label.x, label.y),
            (1.06, at),
            textcoords="axes fraction",
            va="center",
            fontsize=size,
            color=label.colour,
            arrowprops={"arrowstyle": "-", "color": label.colour, "lw": 0.5, "alpha": 0.6},
            annotation_clip=False,
        )


def label_points(ax: Axes, labels: Sequence[Label], size: float = 8) -> None:
    """Write names beside their points, each where it covers least of points and earlier names."""
    ax.figure.figure.draw_without_rendering()
    frame, pixels = ax.get_window_extent(), ax.figure.dpi / 72
    points = [ax.transData.transform((label.x, label.y)) for label in labels]
    taken = [_box(point, np.full(2, 9 * pixels)) for point in points]
    for label, point in zip(labels, points, strict=True):
        text = ax.annotate(
            label.text,
            (label.x, label.y),
            (0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            color=label.colour,
            arrowprops={"arrowstyle": "-", "color": label.colour, "lw": 0.5, "alpha": 0.6},
        )
        text.set_in_layout(False)
        extent = Text.get_window_extent(text).size  # without the line to the point
        boxes = [_box(point + away * pixels + side * extent / 2, extent) for away, side in PLACES]
        costs = [
            sum(_common_area(box, other) for other in taken)
            + 4 * (box.width * box.height - _common_area(box, frame))
            for box in boxes
        ]
        chosen = boxes[int(np.argmin(costs))]
        text.set_position(tuple((np.mean(chosen.get_points(), axis=0) - point) / pixels))
        taken.append(chosen)


def _places() -> list[tuple[Point, Point]]:
    """List where a name may stand: distances in points from its point, and on which side of it."""
    angles = np.radians([0, 180, 90, 270, 45, 315, 135, 225])
    sides = [np.array([np.cos(angle), np.sin(angle)]) for angle in angles]
    return [(radius * side, side) for radius in (8, 16, 26, 38) for side in sides]


def _box(centre: Point, size: Point) -> Bbox:
    return Bbox.from_bounds(*(centre - size / 2), *size)


def _common_area(one: Bbox, other: Bbox) -> float:
    common = Bbox.intersection(one, other)
    return 0.0 if common is None else float(common.width * common.height)


PLACES = _places()
