"""What the winner keeps of a reference's clean quality, which a floor demands, and who does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isfinite, nan
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from search.engine.objective import Direction, Objective, violated
from search.engine.trial import State, Trial
from search.record.run_folder import RunFolder
from search.results.ranking import Row, missed, sign_of
from trainables.metrics.classification import Labels
from trainables.metrics.influence import Answers
from trainables.metrics.intervals import share_interval
from trainables.study import ranking_file
from trainables.study.study import Floor

SINGLE = " (of a single training: what its seed is worth is not in the interval)"


class CleanAnswers(NamedTuple):
    """Scores of images without attack, (N,), in each training, and their classes, (N,)."""

    trainings: list[Answers]
    labels: Labels


@dataclass(frozen=True)
class Share:
    """The part of a reference's clean quality that a trial keeps, see `Floor`.

    Attributes:
        reference: Label of the reference.
        value: 1 where the two are alike; NaN where the reference is no better than a constant
            answer.
        interval: Its 95 % interval, paired by image; None where single answers were not kept.
        skill: Whether it is a share of what lies above a constant answer, and not of the value.
        single: Whether either was trained once, so that the interval lacks what its seed is worth.
    """

    reference: str
    value: float
    interval: tuple[float, float] | None
    skill: bool
    single: bool = False


def clean_share(
    first: Row | None, rows: Sequence[Row], floor: Floor, direction: Direction, folder: RunFolder
) -> Share | None:
    """Compare the winner's clean quality with that of the floor's reference.

    Args:
        first: The winner's row; None where nothing can win.
        rows: The ranking.
        floor: What the run demanded.
        direction: How the floor's metric improves.
        folder: Of the run, with what trials saved.

    Returns:
        A value of NaN where the reference is no better than a constant answer, whoever won; else
        None where it did not reach its budget, is the winner itself, or nothing can win.
    """
    base = _reference(rows, floor)
    if base is None:
        return None
    level, above = _mean(base, floor.metric), floor.zero is not None
    if not floor.reach(level, direction) > 0:
        return Share(floor.reference, nan, None, above)
    if first is None or base is first:
        return None
    value = _mean(first, floor.metric)
    if not isfinite(value):
        return Share(floor.reference, nan, None, above)
    share = (value - (floor.zero or 0.0)) / (level - (floor.zero or 0.0))
    interval = _interval(first, base, floor, share, folder)
    single = min(first.seeds, base.seeds) < 2
    return Share(floor.reference, share, interval, above, single)


def read_share(values: Mapping[str, Any]) -> Share:
    """Take over what a manifest holds of a `Share`; JSON has null for NaN."""
    low, high = values["interval"] or (None, None)
    bounds = None if low is None or high is None else (float(low), float(high))
    value = nan if values["value"] is None else float(values["value"])
    single = bool(values.get("single", False))  # records of before do not say
    return Share(str(values["reference"]), value, bounds, bool(values["skill"]), single)


def share_line(share: Share) -> str:
    """Say in one line what the winner keeps of the reference's clean quality."""
    if not isfinite(share.value):
        return f"the {share.reference} is no better than a constant answer: it sets no clean floor"
    bounds, unsure = "", ""
    if share.interval is not None and all(map(isfinite, share.interval)):
        bounds = f" [{100 * share.interval[0]:.0f}, {100 * share.interval[1]:.0f}]"
        unsure = SINGLE if share.single else ""
    percent = f"{100 * share.value:.0f} %{bounds}"
    if share.skill:
        return f"keeps {percent} of the {share.reference}'s clean skill{unsure}"
    return f"its clean value is {percent} of the {share.reference}'s{unsure}"


def barred_lines(
    first: Row | None, rows: Sequence[Row], floor: Floor, objective: Objective
) -> list[str]:
    """Say who missed nothing but the floor, and whether the floor lies within luck.

    Args:
        first: The winner's row; None where nothing can win.
        rows: The ranking.
        floor: What the run demanded.
        objective: What ranks.

    Returns:
        A line for trials of greater value that the floor alone barred, and one where trainings of
        its own reference, with other seeds, miss it; none where there is nothing to say.
    """
    better = [
        row
        for row in rows
        if row.note
        and row.trial.state is State.COMPLETED
        and not row.trial.control
        and (first is None or sign_of(objective) * (row.value - first.value) > 0)
        and 0 < violated(row.trial.reports[-1]) == _violation(row.trial, floor)
    ]
    lines = []
    if better:
        best = max(better, key=lambda row: sign_of(objective) * row.value)
        trials = "trial" if len(better) == 1 else "trials"
        greater = "" if first is None else " of greater value"
        lines.append(
            f"the clean floor alone barred {len(better)} {trials}{greater}, the best "
            f"{best.trial.name} ({best.value:.3g}); --floor moves it"
        )
    base = _reference(rows, floor)
    trainings = () if base is None else _trainings(base)
    misses = sum(_violation(trial, floor) > 0 for trial in trainings)
    if misses:
        lines.append(
            f"{misses} of {len(trainings)} trainings of the {floor.reference} itself miss the "
            "clean floor: it lies within what varies with the seed"
        )
    return lines


def barred_by_chance(
    rows: Sequence[Row], floor: Floor, direction: Direction, folder: RunFolder
) -> list[Row]:
    """List the trials of a single training that miss the floor alone, and by no more than chance.

    The interval of what they keep of the reference's clean skill holds what the floor demands.
    Where that interval is not known, no trial is among them.

    Args:
        rows: The ranking.
        floor: What the run demands.
        direction: How the floor's metric improves.
        folder: Of the run, with what trials saved.
    """
    barred = [
        row
        for row in rows
        if row.trial.state is State.COMPLETED and row.seeds == 1
        if not row.trial.control and missed(row.trial) == [floor.name]
    ]
    shares = [clean_share(row, rows, floor, direction, folder) for row in barred]
    return [
        row
        for row, share in zip(barred, shares, strict=True)
        if share is not None and share.interval is not None
        if share.skill and share.interval[1] >= 1 - floor.slack
    ]


def _reference(rows: Sequence[Row], floor: Floor) -> Row | None:
    """Return the row of the floor's reference; None where it did not reach its budget."""
    base = next((row for row in rows if row.trial.label == floor.reference), None)
    return base if base is not None and base.trial.state is State.COMPLETED else None


def _violation(trial: Trial, floor: Floor) -> float:
    return max(0.0, trial.reports[-1].constraints.get(floor.name, 0.0))


def _interval(
    first: Row, base: Row, floor: Floor, share: float, folder: RunFolder
) -> tuple[float, float] | None:
    """Compute how sure the share is, where the answers kept are those of the floor's metric."""
    a, b = _clean_answers(first, folder), _clean_answers(base, folder)
    if a is None or b is None or not np.array_equal(a.labels, b.labels):
        return None
    interval = share_interval(a.trainings, b.trainings, a.labels, floor.zero or 0.0, seed=0)
    if not isclose(interval.value, share, abs_tol=1e-6):
        return None
    return interval.low, interval.high


def _trainings(row: Row) -> tuple[Trial, ...]:
    """Return the trainings of a config; being chosen for robustness says nothing of clean ones."""
    return row.trainings or (row.trial,)


def _mean(row: Row, metric: str) -> float:
    return fmean(trial.reports[-1].metrics.get(metric, nan) for trial in _trainings(row))


def _clean_answers(row: Row, folder: RunFolder) -> CleanAnswers | None:
    """Read the answers without attack of the trainings; None where one kept none."""
    saved = [ranking_file.read(folder.saved(trial.id)) for trial in _trainings(row)]
    files = [file for file in saved if file is not None]
    if len(files) < len(saved) or any(file.labels.ndim != 1 or file.eps[0] for file in files):
        return None
    return CleanAnswers([file.scores[0] for file in files], files[0].labels)
