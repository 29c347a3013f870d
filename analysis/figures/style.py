"""How figures look: one style, and colours that colour-blind readers can tell apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import matplotlib as mpl
import pandas as pd

INK, MUTED, FAINT, GRID = "#222222", "#6d7680", "#c4cad0", "#e9ecef"
SAMPLED, WINNER = "#8a949e", "#d55e00"
# Okabe and Ito's palette without the winner's vermilion and the yellow, too pale for a line; then
# two of Paul Tol's "muted".
COLOURS = ("#000000", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#882255", "#999933")
# What became of a trial; the winner has its own colour.
REFERENCE, COMPLETED, STOPPED = "#000000", "#0072b2", FAINT
FAILED, OPEN = "#882255", "#e69f00"
MARKERS = ("s", "D", "^", "v", "P", "X", "p", "h")
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.2)))

STYLE: Any = {
    "font.size": 8.5,
    "text.color": INK,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlepad": 8,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.5,
    "savefig.dpi": 200,
    "text.parse_math": False,  # names may hold a $
    "svg.hashsalt": "analysis",  # the same figure is the same file
}


@dataclass(frozen=True)
class Look:
    """How a trial looks, the same in every figure of a run."""

    colour: str
    marker: str
    dash: Any = "-"
    width: float = 1.5
    size: float = 28

    @property
    def ink(self) -> str:
        """The colour of its name: sampled trials' grey is too pale to read."""
        return INK if self.colour == SAMPLED else self.colour

    def dot(self, *, hollow: bool = False) -> dict[str, Any]:
        """Return what `Axes.scatter` needs."""
        face = "white" if hollow else self.colour
        look = {"marker": self.marker, "s": self.size, "facecolors": face, "zorder": 3}
        return look | {"edgecolors": self.colour}


def looks(trials: pd.DataFrame) -> dict[str, Look]:
    """Give each reference a look of its own, sampled trials one in common, the winner a star.

    References are told apart by their order of ids, so that a baseline always looks alike.
    """
    references = sorted(trials.loc[trials["reference"], "trial"])
    dashes = cycle(dash for dash in DASHES for _ in COLOURS)
    styles = zip(references, cycle(COLOURS), cycle(MARKERS), dashes, strict=False)
    result = {trial: Look(colour, marker, dash) for trial, colour, marker, dash in styles}
    for trial in set(trials["trial"]) - set(result):
        result[trial] = Look(SAMPLED, "o")
    for trial in trials.loc[trials["winner"], "trial"]:
        colour = result[trial].colour if trial in references else WINNER
        result[trial] = Look(colour, "*", result[trial].dash, 2.6, 110)
    return result


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save in this style; matplotlib's own settings are restored afterwards."""
    with mpl.rc_context(STYLE):
        yield
