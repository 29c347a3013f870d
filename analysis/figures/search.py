"""Figures of the search: how it went on, what the ladder kept, who worked when."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.ticker import MaxNLocator

from analysis.figures.labels import Label, label_ends
from analysis.figures.marks import (
    BEYOND,
    MANY,
    dot,
    dots,
    say,
    time_unit,
    upright,
    width_of,
    wrap,
)
from analysis.figures.style import (
    COMPLETED,
    FAILED,
    MUTED,
    OPEN,
    REFERENCE,
    SAMPLED,
    STOPPED,
    WINNER,
    Look,
    looks,
)
from analysis.load import Run
from analysis.numbers import frames as numbers
from analysis.numbers.cost import timeline
from analysis.numbers.frames import Group
from analysis.numbers.ladder import rung_agreement, rung_ranks, survival
from analysis.numbers.tables import rows_of
from analysis.vocabulary import format_tau

FATES = {"went_on": COMPLETED, "stopped": STOPPED, "failed": FAILED, "open": OPEN}
MOST_LANES = 24  # of which each has its own line on the axis


def draw_best_so_far(run: Run, canvas: FigureBase) -> None:
    """Draw the best value against the number of sampled trials, beside the references' levels."""
    frame = numbers.best_so_far(run)
    notes = ["pale: stopped at a lower rung"]
    notes += [f"{run.refused} more refused untrained"] if run.refused else []
    ax = _draw_best(run, canvas, frame, frame["number"], max(1, len(frame)) + 0.5, notes)
    ax.set_title("The best sampled trial so far, and the references")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    label = f"sampled trials that have ended ({'; '.join(notes)})"
    ax.set_xlabel(wrap(canvas, label))


def draw_best_over_time(run: Run, canvas: FigureBase) -> None:
    """Draw the best value against the time since the start, references included."""
    frame, (scale, unit) = numbers.best_so_far(run), time_unit(run.elapsed_s)
    notes: list[str] = []
    end = 1.03 * max(run.elapsed_s, 1.0) / scale
    ax = _draw_best(run, canvas, frame, frame["ended_s"] / scale, end, notes)
    ax.set_title("The same against time")
    label = f"{unit} from the start, references included"
    ax.set_xlabel(wrap(canvas, "; ".join([label, *notes])))
    ax.set_xlim(left=0)


def _draw_best(
    run: Run, canvas: FigureBase, frame: pd.DataFrame, x: pd.Series, end: float, notes: list[str]
) -> Axes:
    """Draw references' levels, trials and the best so far; add to the notes what marks mean."""
    styles, ax = looks(run.trials), canvas.subplots()
    levels = numbers.standings(run).query("reference and group != 'stopped'")
    top = max(numbers.fence(run, frame["value"]), levels["value"].max())
    ax.set_ylabel(upright(run.vocabulary.describe(run.objective.metric)))
    if frame["value"].isna().all() and levels.empty:
        say(ax, "no trial has a value")
        return ax
    ends = []
    for row in rows_of(levels):
        look = styles[row.trial]
        ax.axhline(row.value, color=look.colour, ls=look.dash, lw=1)
        barred = " (cannot win)" if row.group == Group.BARRED else ""
        ends.append(Label(end, row.value, row.name + barred, look.colour))
    for group in Group:
        mask = frame["group"] == group
        dots(ax, x[mask], frame.loc[mask, "value"], top, dot(group))
    best = frame["best"].dropna()
    if not best.empty:
        ax.step([*x, end], [*frame["best"], best.iloc[-1]], where="post", color=WINNER, lw=2.4)
        ends.append(Label(end, best.iloc[-1], "best so far", WINNER))
    ax.set_xlim(0.5, end)
    if not math.isinf(top):
        ax.set_ylim(top=top)
    if (frame["value"] > top).any():
        notes.insert(0, BEYOND)
    label_ends(ax, ends)
    return ax


def draw_survival(run: Run, canvas: FigureBase) -> None:
    """Draw how many sampled trials reached each rung, and what became of them there."""
    frame, ax = survival(run), canvas.subplots()
    ax.set_title("What the ladder kept")
    bars = frame[(frame["rung"] > 0) | (frame["failed"] + frame["open"] > 0)]
    if bars["reached"].sum() == 0:
        say(ax, "no sampled trial has reported")
        return
    left = pd.Series(0, bars.index)
    heights = range(len(bars))
    for fate, colour in FATES.items():
        if bars[fate].any():
            name = {"went_on": "went on, or completed", "open": "has not ended"}.get(fate, fate)
            ax.barh(heights, bars[fate], 0.6, left, color=colour, label=name)
        left = left + bars[fate]
    longest = bars["reached"].max()
    for height, row in enumerate(rows_of(bars)):
        ax.annotate(f"{row.reached}", (row.reached, height), (4, 0), textcoords="offset points",
                    va="center", fontsize=8, color=MUTED)  # fmt: skip
    names = [f"rung {row.rung}: {row.level}" if row.rung else row.level for row in rows_of(bars)]
    ax.set_yticks(heights, names)
    ax.set_ylim(len(bars) - 0.4, -0.6)
    ax.set_xlim(0, 1.1 * longest)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("sampled trials that reported at the rung")
    canvas.legend(loc="outside lower left", ncols=4, frameon=False, fontsize=8)


def survival_height(run: Run) -> float:
    """Return the height in inches that all its bars need."""
    return 1.5 + 0.28 * max(3, len(survival(run)))


def pairs(run: Run) -> list[str]:
    """List the rungs at which, and at the next of which, two trials or more were measured."""
    frame = rung_agreement(run)
    return [str(rung) for rung in frame.loc[frame["trials"] > 1, "rung"]]


def draw_agreement(run: Run, canvas: FigureBase) -> None:
    """Draw the rank of trials at a rung against their rank at the next, one panel a pair."""
    names = pairs(run)
    axes = canvas.subplots(1, max(1, len(names)), squeeze=False)[0]
    if not names:
        axes[0].set_title("Does a rung rank as the next one does?")
        say(axes[0], "no two trials were measured at two rungs")
    for ax, rung in zip(axes, names, strict=False):
        _draw_ranks(run, ax, int(rung))


def draw_pair(run: Run, canvas: FigureBase, rung: str) -> None:
    """Draw the rank of trials at one rung against their rank at the next.

    Args:
        run: The run.
        canvas: The figure, or a part of one.
        rung: The lower one, a number from 1, as `pairs` lists it.
    """
    _draw_ranks(run, canvas.subplots(), int(rung))


def _draw_ranks(run: Run, ax: Axes, rung: int) -> None:
    ranks, agreements = rung_ranks(run), rung_agreement(run)
    points, pair = ranks[ranks["rung"] == rung], rows_of(agreements[agreements["rung"] == rung])[0]
    won = points["trial"] == run.winner
    ax.axline((1, 1), slope=1, color=MUTED, lw=0.8)
    dots(ax, points["lower"], points["upper"], math.inf, Look(SAMPLED, "o", size=14).dot())
    ax.scatter(points["lower"][won], points["upper"][won], **Look(WINNER, "*", size=90).dot())
    ax.set_title(f"τ {format_tau(pair.tau, pair.low, pair.high)}", weight="normal")
    ax.set_xlabel(f"place at {pair.lower}")
    ax.set_ylabel(f"place at {pair.upper}")
    ax.set(xlim=(pair.trials + 0.7, 0.3), ylim=(pair.trials + 0.7, 0.3))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(4, integer=True))


def draw_timeline(run: Run, canvas: FigureBase) -> None:
    """Draw when each trial ran, in as few lanes as hold them."""
    frame, ax = timeline(run), canvas.subplots()
    ax.set_title("When trials ran")
    lanes = int(frame["lane"].max())
    scale, unit = time_unit(run.elapsed_s)
    kinds = frame["state"].where(~frame["reference"], "reference").replace("pruned", "stopped")
    kinds = kinds.mask(frame["trial"] == run.winner, "winner")
    colours = {"reference": REFERENCE, "completed": COMPLETED, "stopped": STOPPED}
    colours |= {"failed": FAILED, "interrupted": OPEN, "running": OPEN, "winner": WINNER}
    gap = 0.4 if len(frame) < MANY else 0.0
    for kind, colour in colours.items():
        label: str | None = kind
        for lane, trials in frame[kinds == kind].groupby("lane"):
            lengths = trials["end_s"] - trials["start_s"]
            spans = list(zip(trials["start_s"] / scale, lengths / scale, strict=True))
            band = (float(str(lane)) - 0.35, 0.7)
            ax.broken_barh(
                spans, band, facecolor=colour, label=label, edgecolor="white", linewidth=gap
            )
            label = None  # one entry of the key a kind
    ax.set_ylim(lanes + 0.6, 0.4)
    ax.set_yticks(range(1, lanes + 1) if lanes <= MOST_LANES else [1, lanes])
    ax.set_xlim(0, max(run.elapsed_s / scale, 1e-3))
    ax.set_xlabel(f"{unit} from the start")
    ax.set_ylabel("lane")
    ax.grid(visible=False, axis="y")
    columns = 4 if width_of(canvas) < 6 else 7
    canvas.legend(loc="outside lower left", ncols=columns, frameon=False, fontsize=8)


def timeline_height(run: Run) -> float:
    """Return the height in inches that all its lanes need."""
    return 1.5 + 0.24 * min(MOST_LANES, max(2, int(timeline(run)["lane"].max())))
