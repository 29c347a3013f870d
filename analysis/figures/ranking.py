"""Figures of the ranking: the trials in order, under attack, and what robustness costs."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.ticker import MaxNLocator

from analysis.figures.labels import Label, label_ends
from analysis.figures.marks import DOTTED, say, upright, width_of
from analysis.figures.style import MUTED, SAMPLED, WINNER, Look, looks
from analysis.load import Run
from analysis.numbers import frames as numbers
from analysis.numbers.frames import Group
from analysis.numbers.tables import rows_of, yardstick

BESIDE = 5  # inches of width from which a key stands beside the axes, not below
LOG_SPACED = 1.4  # least ratio of a radius to the one before, on a logarithmic axis
MOST = 12  # sampled trials of a group that the leaderboard draws
HEADINGS = {
    Group.BARRED: "missed a constraint: cannot win",
    Group.STOPPED: "stopped at a lower rung: value at the epoch reached",
}


def draw_leaderboard(run: Run, canvas: FigureBase) -> None:
    """Draw the trials in order of rank with 95 % intervals; references are never left out."""
    frame, styles, ax = numbers.standings(run), looks(run.trials), canvas.subplots()
    ax.set_title("Trials by rank, with 95 % intervals")
    metric = run.objective.metric
    ax.set_xlabel(run.vocabulary.describe(metric))
    if frame.empty:
        say(ax, "no trial has a value")
        return
    level = numbers.level_of(run, metric)
    marks = "hollow: cannot win"
    if not math.isnan(level):
        ax.axvline(level, color=MUTED, lw=1, ls=DOTTED)
        marks += f"; dotted: {run.about.level}"
    ax.set_xlabel(f"{run.vocabulary.describe(metric)}\n({marks})")
    ticks, line = _draw_groups(run, ax)
    ax.set_yticks(list(ticks), [row.name for row in ticks.values()])
    for label, row in zip(ax.get_yticklabels(), ticks.values(), strict=True):
        label.set(weight="bold" if row.winner else "normal", color=styles[row.trial].ink)
    ax.set_ylim(max(line, 8) + 0.7, 0.3)
    bound = max(numbers.fence(run, frame["value"]), frame.query("reference")["value"].max())
    if math.isfinite(bound):  # the number beside a trial beyond it tells its value
        least = min(frame["value"].min(), frame["low"].fillna(math.inf).min())
        ax.set_xlim(least - 0.05 * (bound - least), bound)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")


def _draw_groups(run: Run, ax: Axes) -> tuple[dict[int, Any], int]:
    """Draw the rows of each group from line 1; return the trials by their lines, and the last."""
    frame, styles, line, ticks = numbers.standings(run), looks(run.trials), 0, {}
    for group in Group:
        rows = frame[frame["group"] == group]
        visible = rows[rows["reference"] | (rows.groupby("reference").cumcount() < MOST)]
        if group in HEADINGS and len(rows):
            line += 1
            _remark(ax, line, 0, HEADINGS[group], style="italic")
        for row in rows_of(visible):
            line += 1
            ticks[line] = row
            _draw_row(ax, line, row, styles[row.trial])
            value = run.vocabulary.format_value(run.objective.metric, row.value)
            _remark(ax, line, 1, value + (f" @{row.epoch}" if group == Group.STOPPED else ""))
        if len(visible) < len(rows):
            line += 1
            _remark(ax, line, 0, f"and {len(rows) - len(visible)} more", style="italic")
    return ticks, line


def attacks(run: Run) -> list[str]:
    """List the attacks that were measured on winner or references, FGSM last."""
    names = numbers.robustness(run)["attack"].unique()
    return sorted(names, key=lambda name: (name == "fgsm", name))


def draw_robustness(run: Run, canvas: FigureBase) -> None:
    """Draw the score of winner and references against epsilon, one panel an attack."""
    names = attacks(run)
    axes = canvas.subplots(1, max(1, len(names)), sharey=True, squeeze=False)[0]
    if not names:
        axes[0].set_title("Robustness")
        say(axes[0], "no attack was measured on winner or references")
        return
    axes[0].set_ylabel(run.vocabulary.score(yardstick(run).score).words)
    ends = [_draw_curves(run, ax, attack) for ax, attack in zip(axes, names, strict=True)]
    canvas.supxlabel(axes[0].get_xlabel(), fontsize=axes[0].xaxis.label.get_size())
    for ax in axes:
        ax.set_xlabel("")  # long words would run into those of the next panel
    label_ends(axes[-1], ends[-1])


def draw_attack(run: Run, canvas: FigureBase, attack: str) -> None:
    """Draw the score of winner and references against epsilon under one attack.

    Args:
        run: The run.
        canvas: The figure, or a part of one.
        attack: One of `attacks`.
    """
    ax = canvas.subplots()
    ax.set_ylabel(run.vocabulary.score(yardstick(run).score).words)
    label_ends(ax, _draw_curves(run, ax, attack))


def _draw_curves(run: Run, ax: Axes, attack: str) -> list[Label]:
    """Draw the curves under one attack, and the level to beat; return what to call them."""
    styles, yard, ends = looks(run.trials), yardstick(run), []
    frame = numbers.robustness(run)
    curves = frame[frame["attack"] == attack]
    ax.set_title(f"Under {attack.upper()}")
    ax.set_xlabel(run.about.threat.axis)
    for trial, curve in curves.groupby("trial", sort=False):
        look, last = styles[str(trial)], rows_of(curve)[-1]
        style = {"color": look.colour, "ls": look.dash, "marker": look.marker}
        size = {"lw": look.width, "ms": look.size**0.5 * 0.8}
        ax.plot(curve["eps"], curve["value"], **style, **size, zorder=look.width + 1)
        ends.append(Label(last.eps, last.value, last.name, look.colour))
        if trial == run.winner:
            bounds = curve["low"], curve["high"]
            ax.fill_between(curve["eps"], *bounds, color=look.colour, alpha=0.15, lw=0)
    if not math.isnan(yard.level):
        ax.axhline(yard.level, color=MUTED, lw=1, ls=DOTTED)
        ends.append(Label(curves["eps"].max(), yard.level, run.about.level, MUTED))
    _space_radii(ax, sorted(curves["eps"].unique()))
    ax.set_ylim(*_limits(run, frame))
    return ends


def _space_radii(ax: Axes, radii: list[float]) -> None:
    """Set a tick at each radius; log-spaced ones, which count alike, get the same distance."""
    steps = [second / first for first, second in pairwise(radii[1:])]
    if steps and min(steps) >= LOG_SPACED:
        # From 0 to the first radius as far as to the second; the scale makes a decade 10 / 9.
        ax.set_xscale("symlog", linthresh=radii[1], linscale=0.9 * math.log10(steps[0]))
    if len(radii) <= 8:
        ax.set_xticks(radii, [f"{radius:g}" for radius in radii])
        ax.set_xticks([], minor=True)


def _limits(run: Run, frame: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis of scores, the same for all attacks."""
    yard = yardstick(run)
    values = [*frame[["value", "low", "high"]].to_numpy().ravel(), yard.level]
    low, high = np.nanmin(values), np.nanmax(values)
    margin = 0.05 * (high - low) or 0.05
    return 0.0 if run.vocabulary.score(yard.score).from_zero else low - margin, high + margin


def draw_clean_and_robust(run: Run, canvas: FigureBase) -> None:
    """Draw every trial that reached its budget: the metric that ranks against the second one.

    The second metric is the other objective, with the Pareto front, where the run has two; else the
    clean score.
    """
    styles, ax, frame = looks(run.trials), canvas.subplots(), numbers.trade_off(run)
    ax.set_title("Pareto front" if run.objective.other else "Clean against robust")
    ax.set_xlabel(run.vocabulary.describe(numbers.second_metric(run)))
    ax.set_ylabel(upright(run.vocabulary.describe(run.objective.metric)))
    if frame.empty:
        say(ax, "no trial reached its budget with both scores")
        return
    front = frame[frame["front"]].sort_values("other")
    if not front.empty:
        ax.plot(front["other"], front["value"], color=WINNER, lw=1.2, zorder=2, label="front")
    sampled = ~(frame["reference"] | frame["winner"])
    for can_win, points in frame[sampled].groupby("can_win"):
        ax.scatter(points["other"], points["value"], **Look(SAMPLED, "o").dot(hollow=not can_win))
    key = {"sampled": ax.scatter([], [], **Look(SAMPLED, "o").dot())} if sampled.any() else {}
    for row in rows_of(frame[~sampled]):
        look = styles[row.trial]
        key[row.name] = ax.scatter(row.other, row.value, **look.dot(hollow=not row.can_win))
    if not frame["can_win"].all():
        key["hollow: cannot win"] = ax.scatter([], [], alpha=0)
    ax.margins(0.08)
    anchor: Any = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
    if width_of(canvas) < BESIDE:
        anchor = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.16), "ncols": 2}
    ax.legend(list(key.values()), list(key), **anchor, frameon=False, fontsize=8, handletextpad=0.2)


def trade_off_height(run: Run, width: float) -> float:
    """Return the height in inches, by how much of it the key needs below."""
    below = math.ceil((run.trials["reference"].sum() + 3) / 2)
    return 4.0 if width >= BESIDE else 3.3 + 0.17 * below


def leaderboard_height(run: Run) -> float:
    """Return the height in inches that all its rows need."""
    rows = numbers.standings(run).groupby(["group", "reference"]).size()
    return 1.3 + 0.19 * (rows.clip(upper=MOST).sum() + 3)


def _draw_row(ax: Axes, line: int, row: Any, look: Look) -> None:  # noqa: ANN401 - a row of a frame
    alpha = 0.45 if row.group == Group.STOPPED else 1.0
    ax.plot([row.low, row.high], [line, line], color=look.colour, lw=look.width, alpha=0.5 * alpha)
    ax.scatter(row.value, line, **look.dot(hollow=not row.can_win), alpha=alpha)


def _remark(ax: Axes, line: int, x: float, text: str, style: str = "normal") -> None:
    """Write in a row of the leaderboard, from a fraction ``x`` of its width."""
    ax.annotate(
        text,
        (x, line),
        (4, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=MUTED,
        style=style,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        annotation_clip=False,
    )
