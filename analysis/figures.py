"""The figures of a run; each renders a frame that `analysis.numbers` computed."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from analysis.labels import Label, label_ends, label_points
from analysis.load import Run
from analysis.numbers import (
    SCORES,
    Group,
    best_so_far,
    describe,
    hyperparameters,
    is_wide,
    robustness,
    standings,
)
from analysis.style import FAINT, INK, MUTED, SAMPLED, WINNER, Look, looks, styled
from analysis.tables import yardstick

MOST = {Group.RANKED: 16, Group.BARRED: 6, Group.STOPPED: 6}  # sampled trials that are drawn
HEADINGS = {
    Group.BARRED: "missed a constraint: cannot win",
    Group.STOPPED: "stopped early: value at the epoch reached",
}
PANELS = 3  # hyperparameters in a row


def draw_leaderboard(run: Run, canvas: FigureBase) -> None:
    """Draw the trials in order of rank with 95 % intervals; references are never left out."""
    found, styles, ax = standings(run), looks(run.trials), canvas.subplots()
    ax.set_title("Trials by rank, with 95 % intervals")
    ax.set_xlabel(describe(run.objective.metric))
    if found.empty:
        _say(ax, "no trial has a value")
        return
    at, names = 0, {}
    for group, rows in found.groupby("group", sort=False):
        place = rows.groupby("reference").cumcount()
        shown = rows[rows["reference"] | rows["winner"] | (place < MOST[Group(group)])]
        if group in HEADINGS:
            at += 1
            _aside(ax, at, HEADINGS[Group(group)])
        for row in shown.itertuples():
            at += 1
            names[at] = row
            _draw_row(ax, at, row, styles[row.trial])
        if len(shown) < len(rows):
            at += 1
            _aside(ax, at, f"and {len(rows) - len(shown)} more")
    ax.set_yticks(list(names), [row.name for row in names.values()])
    for label, row in zip(ax.get_yticklabels(), names.values(), strict=True):
        label.set(weight="bold" if row.winner else "normal", color=_ink(styles[row.trial]))
    ax.set_ylim(at + 0.7, 0.3)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")


def draw_robustness(run: Run, canvas: FigureBase) -> None:
    """Draw the score of winner and references against epsilon, one panel an attack."""
    found, styles, yard = robustness(run), looks(run.trials), yardstick(run)
    attacks = sorted(found["attack"].unique(), key=lambda name: (name == "fgsm", name))
    axes = canvas.subplots(1, max(1, len(attacks)), sharey=True, squeeze=False)[0]
    axes[0].set_ylabel(SCORES[yard.score])
    if found.empty:
        axes[0].set_title("Robustness")
        _say(axes[0], "no attack was measured on winner or references")
        return
    for ax, attack in zip(axes, attacks, strict=True):
        ax.set_title(f"Under {attack.upper()}")
        ax.set_xlabel("ε in 255ths")
        if yard.chance == yard.chance:
            ax.axhline(yard.chance, color=MUTED, lw=1, ls=(0, (2, 2)))
        for trial, curve in found[found["attack"] == attack].groupby("trial", sort=False):
            _draw_curve(ax, curve, styles[trial], band=trial == run.winner)
        if found["eps"].nunique() <= 8:
            ax.set_xticks(sorted(found["eps"].unique()))
        ax.set_ylim(bottom=0)
    last = found[found["attack"] == attacks[-1]].groupby("trial", sort=False).last()
    ends = [Label(row.eps, row.value, row.name, styles[at].colour) for at, row in _rows(last)]
    if yard.chance == yard.chance:
        ends.append(Label(found["eps"].max(), yard.chance, "chance", MUTED))
    label_ends(axes[-1], ends)


def draw_best_so_far(run: Run, canvas: FigureBase) -> None:
    """Draw the best value against the number of sampled trials, beside the references' levels."""
    found, styles, ax = best_so_far(run), looks(run.trials), canvas.subplots()
    ax.set_title("The best sampled trial so far, and the references")
    ax.set_xlabel("sampled trials that have ended")
    ax.set_ylabel(describe(run.objective.metric))
    levels = standings(run).query("reference and group == 'ranked'")
    if found["value"].isna().all() and levels.empty:
        _say(ax, "no trial has a value")
        return
    end = max(1, len(found))
    for row in levels.itertuples():
        look = styles[row.trial]
        ax.plot([0, end], [row.value] * 2, color=look.colour, ls=look.dash, lw=1)
    for group, rows in found.dropna(subset="value").groupby("group"):
        ax.scatter(rows["number"], rows["value"], **_dot(Group(group)), zorder=3)
    ends = [Label(end, row.value, row.name, styles[row.trial].colour) for row in levels.itertuples()]
    best = found.dropna(subset="best")
    if not best.empty:
        ax.step(best["number"], best["best"], where="post", color=WINNER, lw=2.4, zorder=4)
        ends.append(Label(end, best["best"].iloc[-1], "best so far", WINNER))
    ax.set_xlim(0, end)
    ax.xaxis.get_major_locator().set_params(integer=True)
    label_ends(ax, ends)


def draw_clean_and_robust(run: Run, canvas: FigureBase) -> None:
    """Draw every trial that reached its budget: the metric that ranks against the clean score."""
    styles, ax, yard = looks(run.trials), canvas.subplots(), yardstick(run)
    found = standings(run).query("group != 'stopped'").dropna(subset="clean")
    ax.set_title("Clean against robust")
    ax.set_xlabel(describe(f"ranking_clean_{yard.score}"))
    ax.set_ylabel(describe(run.objective.metric))
    if found.empty:
        _say(ax, "no trial reached its budget with a clean score")
        return
    named = []
    for row in found.itertuples():
        look, barred = styles[row.trial], row.group == Group.BARRED
        size = 110 if row.winner else 30
        face = "white" if barred else look.colour
        ax.scatter(
            row.clean, row.value, size, face, look.marker, edgecolors=look.colour, zorder=3
        )
        if row.reference or row.winner:
            named.append(Label(row.clean, row.value, row.name, _ink(look)))
    ax.margins(0.12)
    if (found["group"] == Group.BARRED).any():
        ax.set_title("hollow: cannot win", loc="right", fontsize=8, color=MUTED, fontweight="normal")
    label_points(ax, named)


def draw_hyperparameters(run: Run, canvas: FigureBase) -> None:
    """Draw the value of sampled trials against each hyperparameter that differs between them."""
    found = hyperparameters(run)
    names = list(found["name"].unique())
    rows = max(1, -(-len(names) // PANELS))
    axes = canvas.subplots(rows, PANELS if names else 1, sharey=True, squeeze=False)
    if not names:
        axes[0, 0].set_title("Hyperparameters")
        _say(axes[0, 0], "no two sampled trials with values to compare")
        return
    for ax, name in zip(axes.flat, names, strict=False):
        _draw_hyperparameter(ax, found[found["name"] == name], run.winner)
        ax.set_xlabel(name.replace("_", " "))
    for ax in axes.flat[len(names) :]:
        ax.set_axis_off()
    canvas.supylabel(describe(run.objective.metric), fontsize=8.5)
    canvas.suptitle(_key(found), fontsize=8.5, color=MUTED, x=0.01, ha="left")


Draw = Callable[[Run, FigureBase], None]

FIGURES: dict[str, tuple[Draw, Callable[[Run], tuple[float, float]]]] = {
    "leaderboard": (draw_leaderboard, lambda run: (7.2, 1.2 + 0.19 * _height(run))),
    "robustness": (draw_robustness, lambda _: (7.2, 3.2)),
    "best_so_far": (draw_best_so_far, lambda _: (7.2, 3.4)),
    "clean_and_robust": (draw_clean_and_robust, lambda _: (5.6, 4.2)),
    "hyperparameters": (
        draw_hyperparameters,
        lambda run: (7.2, 0.6 + 2.1 * max(1, -(-hyperparameters(run)["name"].nunique() // PANELS))),
    ),
}


def figure(run: Run, name: str) -> Figure:
    """Draw one of `FIGURES`."""
    draw, size = FIGURES[name]
    with styled():
        canvas = Figure(figsize=size(run), layout="constrained")
        draw(run, canvas)
        return _settled(canvas)


def overview(run: Run) -> Figure:
    """Draw leaderboard, robustness, and clean against robust as one picture."""
    with styled():
        canvas = Figure(figsize=(11, max(6.2, 1.2 + 0.19 * _height(run))), layout="constrained")
        left, right = canvas.subfigures(1, 2, width_ratios=(1, 1.35), wspace=0.03)
        above, below = right.subfigures(2, 1, hspace=0.03)
        draw_leaderboard(run, left)
        draw_robustness(run, above)
        draw_clean_and_robust(run, below)
        return _settled(canvas)


def _settled(canvas: Figure) -> Figure:
    """Lay a figure out for good: names were placed for this layout."""
    canvas.draw_without_rendering()
    canvas.set_layout_engine("none")
    return canvas


def _height(run: Run) -> int:
    found = standings(run)
    return min(len(found), int(found["reference"].sum()) + sum(MOST.values())) + 3


def _draw_row(ax: Axes, at: int, row: Any, look: Look) -> None:  # noqa: ANN401 - a row of a frame
    faded = row.group != Group.RANKED
    alpha = 0.45 if row.group == Group.STOPPED else 1.0
    ax.plot([row.low, row.high], [at, at], color=look.colour, lw=look.width, alpha=0.5 * alpha)
    size, face = (110 if row.winner else 28), "white" if faded else look.colour
    ax.scatter(
        row.value, at, size, face, look.marker, edgecolors=look.colour, alpha=alpha, zorder=3
    )
    text = f"{row.value:.3f}" + (f" @{row.epoch}" if row.group == Group.STOPPED else "")
    _aside(ax, at, text, 1.0, color=INK if row.group == Group.RANKED else MUTED, style="normal")


def _aside(ax: Axes, at: int, text: str, x: float = 0.0, **kwargs: Any) -> None:  # noqa: ANN401
    """Write a remark in a row of the leaderboard."""
    look = {"color": MUTED, "style": "italic", "fontsize": 8} | kwargs
    place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (x, at), (4, 0), annotation_clip=False, **place, **look)


def _draw_curve(ax: Axes, curve: pd.DataFrame, look: Look, *, band: bool) -> None:
    style = {"color": look.colour, "ls": look.dash, "lw": look.width, "marker": look.marker}
    size = 9 if look.marker == "*" else 4
    ax.plot(curve["eps"], curve["value"], **style, ms=size, zorder=4 if band else 3)
    if band:
        bounds = curve["low"], curve["high"]
        ax.fill_between(curve["eps"], *bounds, color=look.colour, alpha=0.15, lw=0)


def _draw_hyperparameter(ax: Axes, found: pd.DataFrame, winner: str | None) -> None:
    numeric = all(isinstance(value, int | float) for value in found["setting"])
    if numeric and is_wide(found["setting"]):
        ax.set_xscale("log")
    settings = found["setting"].astype(float) if numeric else found["setting"].astype(str)
    deepest = found["epoch"].max()
    for (group, epoch), rows in found.groupby(["group", "epoch"]):
        dot = _dot(Group(group), epoch / deepest)
        ax.scatter(settings[rows.index], rows["value"], **dot)
    best = found[found["trial"] == winner]
    ax.scatter(settings[best.index], best["value"], 110, WINNER, "*", zorder=4)
    if not numeric:
        ax.margins(x=0.4)


def _dot(group: Group, share: float = 0.3) -> dict[str, Any]:
    """Return the look of a sampled trial; one that was stopped fades with its share of the budget."""
    if group == Group.STOPPED:
        return {"s": 10 + 20 * share, "color": FAINT, "edgecolors": "none"}
    return {"s": 30, "facecolors": SAMPLED if group == Group.RANKED else "white", "edgecolors": SAMPLED}


def _key(found: pd.DataFrame) -> str:
    """Say what the dots are."""
    words = ["★ winner", "● reached its budget"]
    if (found["group"] == Group.BARRED).any():
        words.append("○ cannot win")
    stopped = sorted(found.loc[found["group"] == Group.STOPPED, "epoch"].unique())
    if stopped:
        words.append(f"pale: stopped at epoch {', '.join(map(str, stopped))} (the smaller the earlier)")
    return "   ".join(words)


def _ink(look: Look) -> str:
    return INK if look.colour == SAMPLED else look.colour


def _rows(frame: pd.DataFrame) -> list[tuple[str, Any]]:
    return [(str(at), row) for at, row in frame.iterrows()]


def _say(ax: Axes, text: str) -> None:
    """Say in an empty figure why it is empty."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=MUTED)
    ax.set(xticks=[], yticks=[])
