"""Figures of the ranking: the trials in order, under attack, and what robustness costs."""

import math
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
MOST = 12  # sampled trials of a group that the leaderboard draws
HEADINGS = {
    Group.BARRED: "missed a constraint: cannot win",
    Group.STOPPED: "stopped at a lower rung: value at the epoch reached",
}


def draw_leaderboard(run: Run, canvas: FigureBase) -> None:
    """Draw the trials in order of rank with 95 % intervals; references are never left out."""
    found, styles, ax = numbers.standings(run), looks(run.trials), canvas.subplots()
    ax.set_title("Trials by rank, with 95 % intervals")
    ax.set_xlabel(run.vocabulary.describe(run.objective.metric))
    if found.empty:
        say(ax, "no trial has a value")
        return
    level = numbers.level_of(run, run.objective.metric)
    marks = "hollow: cannot win"
    if not math.isnan(level):
        ax.axvline(level, color=MUTED, lw=1, ls=DOTTED)
        marks += f"; dotted: {run.about.level}"
    ax.set_xlabel(f"{run.vocabulary.describe(run.objective.metric)}\n({marks})")
    at, ticks = 0, {}
    for group in Group:
        rows = found[found["group"] == group]
        shown = rows[rows["reference"] | (rows.groupby("reference").cumcount() < MOST)]
        if group in HEADINGS and len(rows):
            at += 1
            _remark(ax, at, 0, HEADINGS[group], style="italic")
        for row in rows_of(shown):
            at += 1
            ticks[at] = row
            _draw_row(ax, at, row, styles[row.trial])
            value = run.vocabulary.written(run.objective.metric, row.value)
            _remark(ax, at, 1, value + (f" @{row.epoch}" if group == Group.STOPPED else ""))
        if len(shown) < len(rows):
            at += 1
            _remark(ax, at, 0, f"and {len(rows) - len(shown)} more", style="italic")
    ax.set_yticks(list(ticks), [row.name for row in ticks.values()])
    for label, row in zip(ax.get_yticklabels(), ticks.values(), strict=True):
        label.set(weight="bold" if row.winner else "normal", color=styles[row.trial].ink)
    ax.set_ylim(max(at, 8) + 0.7, 0.3)
    bound = max(numbers.fence(run, found["value"]), found.query("reference")["value"].max())
    if math.isfinite(bound):  # the number beside a trial beyond it tells its value
        least = min(found["value"].min(), found["low"].fillna(math.inf).min())
        ax.set_xlim(least - 0.05 * (bound - least), bound)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")


def attacks(run: Run) -> list[str]:
    """List the attacks that were measured on winner or references, FGSM last."""
    known = numbers.robustness(run)["attack"].unique()
    return sorted(known, key=lambda name: (name == "fgsm", name))


def draw_robustness(run: Run, canvas: FigureBase) -> None:
    """Draw the score of winner and references against epsilon, one panel an attack."""
    known = attacks(run)
    axes = canvas.subplots(1, max(1, len(known)), sharey=True, squeeze=False)[0]
    if not known:
        axes[0].set_title("Robustness")
        say(axes[0], "no attack was measured on winner or references")
        return
    axes[0].set_ylabel(run.vocabulary.score(yardstick(run).score).words)
    ends = [_draw_curves(run, ax, attack) for ax, attack in zip(axes, known, strict=True)]
    label_ends(axes[-1], ends[-1])


def draw_attack(run: Run, canvas: FigureBase, attack: str) -> None:
    """Draw the score of winner and references against epsilon under one attack."""
    ax = canvas.subplots()
    ax.set_ylabel(run.vocabulary.score(yardstick(run).score).words)
    label_ends(ax, _draw_curves(run, ax, attack))


def _draw_curves(run: Run, ax: Axes, attack: str) -> list[Label]:
    """Draw the curves under one attack, and the level to beat; return what to call them."""
    styles, yard, ends = looks(run.trials), yardstick(run), []
    whole = numbers.robustness(run)
    found = whole[whole["attack"] == attack]
    ax.set_title(f"Under {attack.upper()}")
    ax.set_xlabel(run.about.threat.axis)
    for trial, curve in found.groupby("trial", sort=False):
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
        ends.append(Label(found["eps"].max(), yard.level, run.about.level, MUTED))
    if found["eps"].nunique() <= 8:
        ax.set_xticks(sorted(found["eps"].unique()))
    ax.set_ylim(*_limits(run, whole))
    return ends


def _limits(run: Run, whole: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis of scores, the same for all attacks."""
    yard = yardstick(run)
    values = [*whole[["value", "low", "high"]].to_numpy().ravel(), yard.level]
    low, high = np.nanmin(values), np.nanmax(values)
    margin = 0.05 * (high - low) or 0.05
    return 0.0 if run.vocabulary.score(yard.score).from_zero else low - margin, high + margin


def draw_clean_and_robust(run: Run, canvas: FigureBase) -> None:
    """Draw every trial that reached its budget: the metric that ranks against the second one.

    The second metric is the other objective, with the Pareto front, where the run has two; else the
    clean score.
    """
    styles, ax, found = looks(run.trials), canvas.subplots(), numbers.trade_off(run)
    ax.set_title("Pareto front" if run.objective.other else "Clean against robust")
    ax.set_xlabel(run.vocabulary.describe(numbers.second_metric(run)))
    ax.set_ylabel(upright(run.vocabulary.describe(run.objective.metric)))
    if found.empty:
        say(ax, "no trial reached its budget with both scores")
        return
    front = found[found["front"]].sort_values("other")
    if not front.empty:
        ax.plot(front["other"], front["value"], color=WINNER, lw=1.2, zorder=2, label="front")
    sampled = ~(found["reference"] | found["winner"])
    for can_win, own in found[sampled].groupby("can_win"):
        ax.scatter(own["other"], own["value"], **Look(SAMPLED, "o").dot(hollow=not can_win))
    key = {"sampled": ax.scatter([], [], **Look(SAMPLED, "o").dot())} if sampled.any() else {}
    for row in rows_of(found[~sampled]):
        look = styles[row.trial]
        key[row.name] = ax.scatter(row.other, row.value, **look.dot(hollow=not row.can_win))
    if not found["can_win"].all():
        key["hollow: cannot win"] = ax.scatter([], [], alpha=0)
    ax.margins(0.08)
    place: Any = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
    if width_of(canvas) < BESIDE:
        place = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.16), "ncols": 2}
    ax.legend(list(key.values()), list(key), **place, frameon=False, fontsize=8, handletextpad=0.2)


def trade_off_height(run: Run, width: float) -> float:
    """Return the height in inches, by how much of it the key needs below."""
    below = math.ceil((run.trials["reference"].sum() + 3) / 2)
    return 4.0 if width >= BESIDE else 3.3 + 0.17 * below


def leaderboard_height(run: Run) -> float:
    """Return the height in inches that all its rows need."""
    rows = numbers.standings(run).groupby(["group", "reference"]).size()
    return 1.3 + 0.19 * (rows.clip(upper=MOST).sum() + 3)


def _draw_row(ax: Axes, at: int, row: Any, look: Look) -> None:  # noqa: ANN401 - a row of a frame
    alpha = 0.45 if row.group == Group.STOPPED else 1.0
    ax.plot([row.low, row.high], [at, at], color=look.colour, lw=look.width, alpha=0.5 * alpha)
    ax.scatter(row.value, at, **look.dot(hollow=not row.can_win), alpha=alpha)


def _remark(ax: Axes, at: int, x: float, text: str, style: str = "normal") -> None:
    """Write in a row of the leaderboard, from a fraction ``x`` of its width."""
    ax.annotate(
        text,
        (x, at),
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
