"""The figures of a run; each renders a frame that an `analysis.numbers` module computed."""

from collections.abc import Callable

from matplotlib.figure import Figure, FigureBase

from analysis.figures_ranking import (
    draw_clean_and_robust,
    draw_leaderboard,
    draw_robustness,
    leaderboard_height,
    robustness_height,
    trade_off_height,
)
from analysis.figures_search import (
    agreement_height,
    draw_agreement,
    draw_best_over_time,
    draw_best_so_far,
    draw_survival,
    draw_timeline,
    survival_height,
    timeline_height,
)
from analysis.figures_settings import (
    draw_hyperparameters,
    draw_importance,
    draw_parallel,
    hyperparameters_height,
    importance_height,
)
from analysis.load import Run
from analysis.style import styled

Draw = Callable[[Run, FigureBase], None]
Height = Callable[[Run, float], float]

WIDE, NARROW = 7.2, 4.4  # inches; narrow: half a page of the report, or all of a phone

FIGURES: dict[str, tuple[Draw, Height]] = {
    "leaderboard": (draw_leaderboard, lambda run, _: leaderboard_height(run)),
    "robustness": (draw_robustness, robustness_height),
    "best_so_far": (draw_best_so_far, lambda *_: 3.4),
    "best_over_time": (draw_best_over_time, lambda *_: 3.4),
    "clean_and_robust": (draw_clean_and_robust, trade_off_height),
    "hyperparameters": (draw_hyperparameters, hyperparameters_height),
    "importance": (draw_importance, lambda run, _: importance_height(run)),
    "parallel": (draw_parallel, lambda *_: 3.2),
    "survival": (draw_survival, lambda run, _: survival_height(run)),
    "agreement": (draw_agreement, agreement_height),
    "timeline": (draw_timeline, lambda run, _: timeline_height(run)),
}


def figure(run: Run, name: str, width: float = WIDE) -> Figure:
    """Draw one of `FIGURES`.

    Args:
        run: The run.
        name: A key of `FIGURES`.
        width: In inches; the layout follows it.
    """
    draw, height = FIGURES[name]
    with styled():
        canvas = Figure(figsize=(width, height(run, width)), layout="constrained")
        draw(run, canvas)
    return canvas


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
