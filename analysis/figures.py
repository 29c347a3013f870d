"""The figures of a run; each renders a frame that `analysis.numbers` computed."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter

from analysis import numbers
from analysis.labels import Label, label_ends
from analysis.load import Run
from analysis.numbers import Group
from analysis.style import FAINT, MUTED, SAMPLED, WINNER, Look, looks, styled
from analysis.tables import rows_of, yardstick
from analysis.vocabulary import SCORES, describe, written

MOST = 12  # sampled trials of a group that the leaderboard draws
HEADINGS = {
    Group.BARRED: "missed a constraint: cannot win",
    Group.STOPPED: "stopped at a lower rung: value at the epoch reached",
}
DOTTED = (0, (2, 2))
BEYOND = "▲: beyond the axis"
PANELS = 3  # hyperparameters in a row


def draw_leaderboard(run: Run, canvas: FigureBase) -> None:
    """Draw the trials in order of rank with 95 % intervals; references are never left out."""
    found, styles, ax = numbers.standings(run), looks(run.trials), canvas.subplots()
    ax.set_title("Trials by rank, with 95 % intervals")
    ax.set_xlabel(describe(run.objective.metric))
    if found.empty:
        _say(ax, "no trial has a value")
        return
    level = numbers.level_of(run, run.objective.metric)
    marks = "hollow: cannot win"
    if not math.isnan(level):
        ax.axvline(level, color=MUTED, lw=1, ls=DOTTED)
        marks += f"; dotted: {yardstick(run).kind.level}"
    ax.set_xlabel(f"{describe(run.objective.metric)}\n({marks})")
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
            value = written(run.objective.metric, row.value)
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


def draw_robustness(run: Run, canvas: FigureBase) -> None:
    """Draw the score of winner and references against epsilon, one panel an attack."""
    found, styles, yard = numbers.robustness(run), looks(run.trials), yardstick(run)
    attacks = sorted(found["attack"].unique(), key=lambda name: (name == "fgsm", name))
    axes = canvas.subplots(1, max(1, len(attacks)), sharey=True, squeeze=False)[0]
    if not attacks:
        axes[0].set_title("Robustness")
        _say(axes[0], "no attack was measured on winner or references")
        return
    axes[0].set_ylabel(SCORES[yard.score].words)
    for ax, attack in zip(axes, attacks, strict=True):
        ax.set_title(f"Under {attack.upper()}")
        ax.set_xlabel(yard.kind.eps_axis)
        curves, ends = found[found["attack"] == attack].groupby("trial", sort=False), []
        for trial, curve in curves:
            look, last = styles[trial], rows_of(curve)[-1]
            style = {"color": look.colour, "ls": look.dash, "marker": look.marker}
            size = {"lw": look.width, "ms": look.size**0.5 * 0.8}
            ax.plot(curve["eps"], curve["value"], **style, **size, zorder=look.width + 1)
            ends.append(Label(last.eps, last.value, last.name, look.colour))
            if trial == run.winner:
                ax.fill_between(
                    curve["eps"], curve["low"], curve["high"], color=look.colour, alpha=0.15, lw=0
                )
        if not math.isnan(yard.level):
            ax.axhline(yard.level, color=MUTED, lw=1, ls=DOTTED)
            ends.append(Label(found["eps"].max(), yard.level, yard.kind.level, MUTED))
        if found["eps"].nunique() <= 8:
            ax.set_xticks(sorted(found["eps"].unique()))
        if SCORES[yard.score].from_zero:
            ax.set_ylim(bottom=0)
    label_ends(axes[-1], ends)


def draw_best_so_far(run: Run, canvas: FigureBase) -> None:
    """Draw the best value against the number of sampled trials, beside the references' levels."""
    found, styles, ax = numbers.best_so_far(run), looks(run.trials), canvas.subplots()
    ax.set_title("The best sampled trial so far, and the references")
    levels = numbers.standings(run).query("reference and group != 'stopped'")
    top = max(numbers.fence(run, found["value"]), levels["value"].max())
    ax.set_xlabel(_explained(run, beyond=bool((found["value"] > top).any())))
    ax.set_ylabel(describe(run.objective.metric))
    if found["value"].isna().all() and levels.empty:
        _say(ax, "no trial has a value")
        return
    end, ends = max(1, len(found)) + 0.5, []
    for row in rows_of(levels):
        look = styles[row.trial]
        ax.axhline(row.value, color=look.colour, ls=look.dash, lw=1)
        barred = " (cannot win)" if row.group == Group.BARRED else ""
        ends.append(Label(end, row.value, row.name + barred, look.colour))
    for group in Group:
        rows = found[found["group"] == group]
        _dots(ax, rows["number"], rows["value"], top, _dot(group))
    best = found["best"].dropna()
    if not best.empty:
        steps = [*found["number"], end], [*found["best"], best.iloc[-1]]
        ax.step(*steps, where="post", color=WINNER, lw=2.4, zorder=4)
        ends.append(Label(end, best.iloc[-1], "best so far", WINNER))
    ax.set_xlim(0.5, end)
    if not math.isinf(top):
        ax.set_ylim(top=top)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_ends(ax, ends)


def draw_clean_and_robust(run: Run, canvas: FigureBase) -> None:
    """Draw every trial that reached its budget: the metric that ranks against the clean score."""
    styles, ax = looks(run.trials), canvas.subplots()
    found = numbers.standings(run).query("group != 'stopped'").dropna(subset="clean")
    ax.set_title("Clean against robust")
    ax.set_xlabel(describe(f"ranking_clean_{yardstick(run).score}"))
    ax.set_ylabel(describe(run.objective.metric))
    if found.empty:
        _say(ax, "no trial reached its budget with a clean score")
        return
    key = {}
    for row in rows_of(found):
        look = styles[row.trial]
        dots = ax.scatter(row.clean, row.value, **look.dot(hollow=not row.can_win))
        if row.reference or row.winner:
            key[row.name] = dots
        else:
            key.setdefault("sampled", dots)
    if not found["can_win"].all():
        key["hollow: cannot win"] = ax.scatter([], [], alpha=0)
    ax.margins(0.08)
    place: Any = {"loc": "center left", "bbox_to_anchor": (1, 0.5), "frameon": False}
    ax.legend(list(key.values()), list(key), **place, fontsize=8, handletextpad=0.2)


def draw_hyperparameters(run: Run, canvas: FigureBase) -> None:
    """Draw the value of sampled trials against each hyperparameter that differs between them."""
    found = numbers.hyperparameters(run)
    names = found["name"].unique()
    axes = canvas.subplots(
        _panel_rows(run), PANELS if len(names) else 1, sharey=True, squeeze=False
    )
    if len(names) == 0:
        axes[0, 0].set_title("Hyperparameters")
        _say(axes[0, 0], "no two sampled trials with values to compare")
        return
    top = numbers.fence(run, found["value"])
    for ax in axes.flat[len(names) :]:
        ax.set_axis_off()
    for ax, name in zip(axes.flat, names, strict=False):
        _draw_hyperparameter(ax, found[found["name"] == name], run.winner, top)
        ax.set_xlabel(name.replace("_", " "))
    if not math.isinf(top):
        axes[0, 0].set_ylim(top=top)  # shared by all
    canvas.supylabel(describe(run.objective.metric), fontsize=8.5)
    epochs = sorted(found.loc[found["group"] == Group.STOPPED, "epoch"].unique())
    key = "★ winner   ● reached its budget   ○ and cannot win"
    if epochs:
        key += f"   pale: stopped at epoch {', '.join(map(str, epochs))}, the smaller the earlier"
    if (found["value"] > top).any():
        key += f"   {BEYOND}"
    canvas.suptitle(key, fontsize=8, color=MUTED, x=0.01, ha="left")


Draw = Callable[[Run, FigureBase], None]
Size = Callable[[Run], tuple[float, float]]

FIGURES: dict[str, tuple[Draw, Size]] = {
    "leaderboard": (draw_leaderboard, lambda run: (7.2, _leaderboard_height(run))),
    "robustness": (draw_robustness, lambda _: (7.2, 3.2)),
    "best_so_far": (draw_best_so_far, lambda _: (7.2, 3.4)),
    "clean_and_robust": (draw_clean_and_robust, lambda _: (6.4, 4)),
    "hyperparameters": (draw_hyperparameters, lambda run: (7.2, 0.9 + 2.1 * _panel_rows(run))),
}


def figure(run: Run, name: str) -> Figure:
    """Draw one of `FIGURES`."""
    draw, size = FIGURES[name]
    with styled():
        canvas = Figure(figsize=size(run), layout="constrained")
        draw(run, canvas)
    return canvas


def overview(run: Run) -> Figure:
    """Draw leaderboard, robustness, and clean against robust as one picture."""
    with styled():
        canvas = Figure(figsize=(11, max(6.6, _leaderboard_height(run))), layout="constrained")
        left, right = canvas.subfigures(1, 2, width_ratios=(1, 1.35), wspace=0.03, squeeze=False)[0]
        above, below = right.subfigures(2, 1, hspace=0.03, squeeze=False)[:, 0]
        draw_leaderboard(run, left)
        draw_robustness(run, above)
        draw_clean_and_robust(run, below)
    return canvas


def _leaderboard_height(run: Run) -> float:
    rows = numbers.standings(run).groupby(["group", "reference"]).size()
    return 1.3 + 0.19 * (rows.clip(upper=MOST).sum() + 3)


def _panel_rows(run: Run) -> int:
    return max(1, math.ceil(numbers.hyperparameters(run)["name"].nunique() / PANELS))


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


def _draw_hyperparameter(ax: Axes, found: pd.DataFrame, winner: str | None, top: float) -> None:
    numeric = all(isinstance(value, int | float) for value in found["setting"])
    if numeric and numbers.is_wide(found["setting"]):
        ax.set_xscale("log")
        few = found["setting"].max() < 300 * found["setting"].min()  # decades alone name too little
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 3) if few else (1,), numticks=5))
        large = found["setting"].max() >= 1e5  # 300k: with all their digits ticks would touch
        ax.xaxis.set_major_formatter(EngFormatter(sep="") if large else "{x:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
    settings = found["setting"].astype(float if numeric else str)
    for row in rows_of(found.assign(setting=settings, share=found["epoch"] / found["epoch"].max())):
        _dots(ax, [row.setting], [row.value], top, _dot(row.group, row.share))
    best = found[found["trial"] == winner]
    ax.scatter(settings[best.index], best["value"], **Look(WINNER, "*", size=110).dot())
    ax.margins(x=0.05 if numeric else 0.4)


def _explained(run: Run, *, beyond: bool) -> str:
    """Say what is counted in `draw_best_so_far`, and what its marks mean."""
    notes = ["pale: stopped at a lower rung"]
    if beyond:
        notes.append(BEYOND)
    if run.refused:
        notes.append(f"{run.refused} more refused untrained")
    return f"sampled trials that have ended ({'; '.join(notes)})"


def _dots(ax: Axes, x: npt.ArrayLike, y: npt.ArrayLike, top: float, dot: dict[str, Any]) -> None:
    """Draw dots; one beyond ``top`` is an arrow head there."""
    places, values = np.asarray(x), np.asarray(y, dtype=np.float64)
    beyond = values > top
    if not beyond.all():
        ax.scatter(places[~beyond], values[~beyond], **dot)
    if beyond.any():
        arrows = dot | {"marker": "^", "clip_on": False}
        ax.scatter(places[beyond], np.full(beyond.sum(), top), **arrows)


def _dot(group: Group, share: float = 0.3) -> dict[str, Any]:
    """Return the look of a sampled trial; one stopped is pale, and small by its budget's share."""
    if group == Group.STOPPED:
        return Look(FAINT, "o", size=10 + 30 * share).dot() | {"zorder": 2}
    return Look(SAMPLED, "o").dot(hollow=group == Group.BARRED)


def _say(ax: Axes, text: str) -> None:
    """Say in an empty figure why it is empty."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=MUTED)
    ax.set(xticks=[], yticks=[])
