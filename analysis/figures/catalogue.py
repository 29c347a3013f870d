"""The figures of a run; each renders a frame that an `analysis.numbers.frames` module computed."""

from collections.abc import Callable

from matplotlib.figure import Figure, FigureBase

from analysis.figures.ranking import (
    attacks,
    draw_attack,
    draw_clean_and_robust,
    draw_leaderboard,
    draw_robustness,
    leaderboard_height,
    trade_off_height,
)
from analysis.figures.search import (
    draw_agreement,
    draw_best_over_time,
    draw_best_so_far,
    draw_pair,
    draw_survival,
    draw_timeline,
    pairs,
    survival_height,
    timeline_height,
)
from analysis.figures.settings import (
    draw_hyperparameters,
    draw_importance,
    draw_parallel,
    draw_slice,
    hyperparameter_names,
    hyperparameters_height,
    importance_height,
)
from analysis.figures.style import styled
from analysis.load import Run

Draw = Callable[[Run, FigureBase], None]
Height = Callable[[Run, float], float]
DrawPanel = Callable[[Run, FigureBase, str], None]

WIDE, NARROW = 7.2, 4.4  # inches; narrow: half a page of the report, or all of a phone

FIGURES: dict[str, tuple[Draw, Height]] = {
    "leaderboard": (draw_leaderboard, lambda run, _: leaderboard_height(run)),
    "robustness": (draw_robustness, lambda *_: 3.2),
    "best_so_far": (draw_best_so_far, lambda *_: 3.4),
    "best_over_time": (draw_best_over_time, lambda *_: 3.4),
    "clean_and_robust": (draw_clean_and_robust, trade_off_height),
    "hyperparameters": (draw_hyperparameters, lambda run, _: hyperparameters_height(run)),
    "importance": (draw_importance, lambda run, _: importance_height(run)),
    "parallel": (draw_parallel, lambda *_: 3.2),
    "survival": (draw_survival, lambda run, _: survival_height(run)),
    "agreement": (draw_agreement, lambda *_: 2.9),
    "timeline": (draw_timeline, lambda run, _: timeline_height(run)),
}
# Figures that are too wide for a narrow page, as one figure a panel: which, how, width and height.
PANELS: dict[str, tuple[Callable[[Run], list[str]], DrawPanel, tuple[float, float]]] = {
    "robustness": (attacks, draw_attack, (NARROW, 3.0)),
    "hyperparameters": (hyperparameter_names, draw_slice, (2.3, 2.1)),
    "agreement": (pairs, draw_pair, (2.3, 2.3)),
}


def figure(run: Run, name: str, width: float = WIDE) -> Figure:
    """Draw one of `FIGURES`.

    Args:
        run: The run.
        name: A key of `FIGURES`.
        width: In inches; one of `PANELS` needs the wide one.
    """
    draw, height = FIGURES[name]
    with styled():
        canvas = Figure(figsize=(width, height(run, width)), layout="constrained")
        draw(run, canvas)
    return canvas


def panels(run: Run, name: str) -> dict[str, Figure]:
    """Draw one of `PANELS`: a figure a panel, none where there is nothing to draw."""
    names, draw, size = PANELS[name]
    figures = {}
    with styled():
        for panel in names(run):
            figures[panel] = Figure(figsize=size, layout="constrained")
            draw(run, figures[panel], panel)
    return figures


def overview(run: Run) -> Figure:
    """Draw leaderboard, robustness, and clean against robust as one picture."""
    with styled():
        canvas = Figure(figsize=(11, max(6.6, leaderboard_height(run))), layout="constrained")
        left, right = canvas.subfigures(1, 2, width_ratios=(1, 1.35), wspace=0.03, squeeze=False)[0]
        above, below = right.subfigures(2, 1, hspace=0.03, squeeze=False)[:, 0]
        draw_leaderboard(run, left)
        draw_robustness(run, above)
        draw_clean_and_robust(run, below)
    return canvas
