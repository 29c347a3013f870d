"""Figures of the hyperparameters."""

import math
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import FigureBase
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from analysis.figures.marks import BEYOND, dot, dots, say, wrap
from analysis.figures.style import COMPLETED, FAINT, INK, MUTED, SAMPLED, WINNER, Look
from analysis.load import Run
from analysis.numbers import frames as numbers
from analysis.numbers.frames import Group
from analysis.numbers.importance import LEAST, categories, importance, is_numeric, parallel

MANY_LINES = 40  # thinner from here on
PANELS = 3  # hyperparameters in a row
ROOMY = 9  # axes whose names fit side by side; of more, they are aslant,
STEP = 9  # and each second axis has its ends so many points further out


def hyperparameter_names(run: Run) -> list[str]:
    """List the hyperparameters that differ between sampled trials."""
    return [str(name) for name in numbers.hyperparameters(run)["name"].unique()]


def draw_hyperparameters(run: Run, canvas: FigureBase) -> None:
    """Draw the value of sampled trials against each hyperparameter that differs between them."""
    frame, names = numbers.hyperparameters(run), hyperparameter_names(run)
    columns = PANELS if names else 1
    axes = canvas.subplots(_panel_rows(names), columns, sharey=True, squeeze=False)
    if not names:
        axes[0, 0].set_title("Hyperparameters")
        say(axes[0, 0], "no two sampled trials with values to compare")
        return
    for ax in axes.flat[len(names) :]:
        ax.set_axis_off()
    for ax, name in zip(axes.flat, names, strict=False):
        _draw_hyperparameter(run, ax, frame, name)
    canvas.supylabel(run.vocabulary.describe(run.objective.metric), fontsize=8.5)
    canvas.suptitle(marks_of_slices(run), fontsize=8, color=MUTED, x=0.01, ha="left")


def draw_slice(run: Run, canvas: FigureBase, name: str) -> None:
    """Draw the value of sampled trials against one hyperparameter.

    Args:
        run: The run.
        canvas: The figure, or a part of one.
        name: One of `hyperparameter_names`.
    """
    _draw_hyperparameter(run, canvas.subplots(), numbers.hyperparameters(run), name)


def marks_of_slices(run: Run) -> str:
    """Say what the marks of the slices mean."""
    frame = numbers.hyperparameters(run)
    key = "★ winner · ● reached its budget · ○ and cannot win"
    epochs = sorted(frame.loc[frame["group"] == Group.STOPPED, "epoch"].unique())
    if epochs:
        key += f" · pale: stopped at epoch {', '.join(map(str, epochs))}, the smaller the earlier"
    return f"{key} · {BEYOND}" if _beyond(run, frame) else key


def hyperparameters_height(run: Run) -> float:
    """Return the height in inches, by how many rows of panels there are."""
    return 0.9 + 2.1 * _panel_rows(hyperparameter_names(run))


def _panel_rows(names: list[str]) -> int:
    return max(1, math.ceil(len(names) / PANELS))


def _beyond(run: Run, frame: pd.DataFrame) -> bool:
    return bool((frame["value"] > numbers.fence(run, frame["value"])).any())


def draw_importance(run: Run, canvas: FigureBase) -> None:
    """Draw how much each hyperparameter sets the best trials apart, and what chance gives."""
    frame, ax = importance(run), canvas.subplots()
    ax.set_title("What sets the best trials apart")
    if frame.empty:
        say(ax, f"fewer than {LEAST} sampled trials that differ: no importance")
        return
    heights = range(len(frame))
    sure = frame["importance"] > frame["chance"]
    ax.barh(heights, frame["importance"], 0.6, color=np.where(sure, COMPLETED, SAMPLED))
    middles = np.arange(len(frame))
    ax.vlines(frame["chance"], middles - 0.38, middles + 0.38, INK)
    ax.set_yticks(heights, [name.replace("_", " ") for name in frame["name"]])
    ax.invert_yaxis()
    ax.set_xlim(0, 1.05 * max(frame["importance"].max(), frame["chance"].max()))
    note = "share of PED-ANOVA importance; line: 95 % of shuffled rankings give less"
    note += "" if sure.all() else "; grey: no more than chance"
    canvas.supxlabel(wrap(canvas, note), fontsize=8, color=MUTED, x=0.01, ha="left")
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)


def importance_height(run: Run) -> float:
    """Return the height in inches that all its bars need."""
    return 1.4 + 0.24 * max(3, numbers.hyperparameters(run)["name"].nunique())


def draw_parallel(run: Run, canvas: FigureBase) -> None:
    """Draw each sampled trial as a line over all hyperparameters, the best ones in colour."""
    frame, ax = parallel(run), canvas.subplots()
    ax.set_title("Sampled trials over all hyperparameters")
    names = list(frame["name"].unique())
    if not names:
        say(ax, "no two sampled trials with values to compare")
        return
    lines = frame.pivot_table(index="trial", columns="name", values="place")[names]
    best = set(frame.loc[frame["best"], "trial"])
    step = STEP if len(names) > ROOMY else 0
    for layer, (chosen, colour, width) in enumerate(
        (
            (~lines.index.isin([*best, run.winner]), FAINT, 0.7),
            (lines.index.isin(best), COMPLETED, 1.3),
            (lines.index == run.winner, WINNER, 2.4),
        )
    ):
        paths = [np.column_stack([range(len(names)), row]) for row in lines[chosen].to_numpy()]
        thin = width if len(paths) < MANY_LINES else 0.5 * width
        ax.add_collection(LineCollection(paths, colors=colour, linewidths=thin, zorder=2 + layer))
    for axis, name in enumerate(names):
        ax.axvline(axis, color=MUTED, lw=0.8, zorder=1)
        low, high = _ends(frame.loc[frame["name"] == name, "setting"])
        shift = step * (axis % 2)
        for text, end, offset in ((high, 1, 4 + shift), (low, 0, -11 - shift)):
            ax.annotate(
                text, (axis, end), (0, offset), textcoords="offset points", ha="center", size=7.5
            )
    ax.set(xlim=(-0.35, len(names) - 0.65), ylim=(-0.02, 1.02))
    _name_axes(ax, names, pad=14 + step)
    ax.set_yticks([])
    ax.grid(visible=False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.set_title(ax.get_title(loc="left"), loc="left", pad=20 + step)
    key = "orange: the winner; blue: the best tenth in rank, at least three"
    ax.set_xlabel(wrap(canvas, key), color=MUTED, fontsize=8)


def _name_axes(ax: Axes, names: Sequence[str], pad: float) -> None:
    """Write the names below the axes; of many, aslant, so that none covers its neighbour."""
    if len(names) > ROOMY:
        words = [name.replace("_", " ") for name in names]
        ax.set_xticks(range(len(names)), words, rotation=40, ha="right", rotation_mode="anchor")
    else:
        ax.set_xticks(range(len(names)), [_stacked(name) for name in names])
    ax.tick_params(axis="x", length=0, pad=pad)


def _ends(settings: pd.Series) -> tuple[str, str]:
    """Write the two ends of an axis of settings."""
    if not is_numeric(settings):
        names = categories(settings)
        return names[0], names[-1]
    numeric = settings.astype(float)
    write = EngFormatter(places=0, sep="") if numeric.max() >= 1e4 else "{:.3g}".format
    return write(numeric.min()), write(numeric.max())


def _stacked(name: str) -> str:
    """Write a name one word a line, short ones together."""
    return textwrap.fill(name.replace("_", " "), 10, break_long_words=False)


def _draw_hyperparameter(run: Run, ax: Axes, frame: pd.DataFrame, name: str) -> None:
    """Draw one slice; all slices of a run have the same axis of values."""
    top, points = numbers.fence(run, frame["value"]), frame[frame["name"] == name]
    numeric = is_numeric(points["setting"])
    # 300k, 12M: with all their digits ticks would touch, and a factor of all would be written apart
    large = numeric and points["setting"].max() >= 1e5
    if numeric and numbers.is_wide(points["setting"]):
        ax.set_xscale("log")
        # Over less than 30-fold, decades alone would name too few settings.
        narrow = points["setting"].max() < 30 * points["setting"].min()
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 3) if narrow else (1,), numticks=5))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
    if large:
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    settings = points["setting"].astype(float if numeric else str)
    for group, members in points.groupby("group"):
        shares = members["epoch"] / points["epoch"].max()
        dots(
            ax,
            settings[members.index],
            members["value"],
            top,
            dot(Group(str(group)), shares),
        )
    best = points[points["trial"] == run.winner]
    ax.scatter(settings[best.index], best["value"], **Look(WINNER, "*", size=110).dot())
    ax.margins(x=0.05 if numeric else 0.4)
    ax.set_xlabel(name.replace("_", " "))
    if not math.isinf(top):
        ax.set_ylim(top=top)
