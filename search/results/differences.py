"""By how much the winner differs from the other trials, and from which it cannot be told apart.

A difference of two values has two sources of chance: the seeds of the trainings and the images.
How much a value varies with the seed is estimated once a run, from the configs that were trained
more than once (`search.results.seeds`); the images are the same for all trials, so their share is
that of the difference, paired by image. All comparisons with the winner hold together in 95 % of
runs, by Bonferroni's correction: so trainings of one recipe are told apart in 5 % of runs at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose, isnan
from typing import Self

import numpy as np

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.record.run_folder import RunFolder
from search.results.ranking import Row, can_win, cut, first_merit, lucky, sign_of, winner
from search.results.seeds import Spread, spread_of
from trainables.metrics.influence import Sample, value_of
from trainables.metrics.skill import Area, summary_of
from trainables.metrics.welch import (
    FEW,
    UNKNOWN,
    Component,
    Estimate,
    corrected,
    estimate,
    quantile,
    total,
)
from trainables.study import ranking_file

COMPARED = 50  # rows that are compared with the winner: each reads the answers of its trainings
RACED = 4  # leaders that get more seeds, at most


@dataclass(frozen=True)
class Gain:
    """By how much the winner exceeds a reference; positive is better.

    Attributes:
        over: The reference.
        value: The difference of the two values, towards better.
        interval: Over images and seeds, at the level; None where it is not known.
        level: Such that all intervals of the run hold together in 95 % of runs.
    """

    over: Trial
    value: float
    interval: tuple[float, float] | None
    level: float


def seed_spread(rows: Sequence[Row], objective: Objective) -> Spread:
    """Estimate from a ranking how much values vary with the seed.

    Args:
        rows: The ranking.
        objective: What it is ranked by.
    """
    return spread_of((row.trainings for row in rows), objective)


def gains(first: Row, rows: Sequence[Row], objective: Objective, folder: RunFolder) -> list[Gain]:
    """Compare the winner with every other reference and matched control that reached its budget.

    Controls that are matched to another trial, a former winner, are left out.

    Args:
        first: The winner's row.
        rows: The ranking.
        objective: What it is ranked by.
        folder: Of the run, with what trials saved.
    """
    controls = first.trial.controls.values()
    references = [
        row
        for row in _completed(rows)
        if row.trial.is_reference
        and row is not first
        and (not row.trial.is_matched or row.trial.id in controls)
    ]
    comparison = Comparison.of(first, rows, objective, folder)
    return [comparison.gain(row) for row in references]


def tied(rows: Sequence[Row], objective: Objective, folder: RunFolder) -> list[Row]:
    """List the rows that cannot be told apart from the winner, the winner first.

    The interval of the difference, over seeds and images, includes 0, or is not known: where none
    that can win was trained twice, none can be told apart, nor are rows beyond `COMPARED`. Of two
    objectives no single value tells trials apart, and the winner is alone.

    Args:
        rows: The ranking.
        objective: What it is ranked by.
        folder: Of the run, with what trials saved.
    """
    first = winner(rows)
    if first is None or objective.other is not None:
        return [] if first is None else [first]
    comparison = Comparison.of(first, rows, objective, folder)
    rivals = [row for row in _completed(rows) if row is not first and can_win(row)]
    equal = [row for row in rivals[:COMPARED] if not comparison.over(row).excludes_zero]
    return [first, *equal, *rivals[COMPARED:]]


def leaders(rows: Sequence[Row], objective: Objective, folder: RunFolder) -> list[Trial]:
    """List the trials that more seeds are worth: the winner and its rivals, at most four.

    Its rivals are those tied with it, and those that look better by one seed. They go by the value
    of their first training, which each trial has. A winner without a rival gets no more seeds.

    Args:
        rows: The ranking.
        objective: What it is ranked by.
        folder: Of the run, with what trials saved.
    """
    members = tied(rows, objective, folder)
    rivals = [*members[1:], *(row for row in lucky(rows, objective) if row not in members)]
    rivals.sort(key=lambda row: -first_merit(row, objective))
    return [row.trial for row in [*members[:1], *rivals]][:RACED] if rivals else []


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The winner of a run beside any of its other trials.

    Attributes:
        first: The winner's row.
        answers: What images say of its value; None where its answers are not known.
        objective: What values are of.
        spread: How much they vary with the seed.
        count: How many comparisons shall hold together.
        of_images: The same over images alone, by which every trial that can win was compared.
        folder: Of the run.
    """

    first: Row
    answers: Sample | None
    objective: Objective
    spread: Spread
    count: int
    of_images: int
    folder: RunFolder

    @classmethod
    def of(cls, first: Row, rows: Sequence[Row], objective: Objective, folder: RunFolder) -> Self:
        """Prepare the comparisons of a winner.

        Args:
            first: The winner's row.
            rows: The ranking.
            objective: What it is ranked by.
            folder: Of the run, with what trials saved.
        """
        # By the values that count, any of its peers might have been the winner: so each pair of
        # peers, and each peer with each other trial, is a comparison that the run may come to.
        # Its further seeds chose nothing, but the images did: by them any trial might have won.
        completed = _completed(rows)
        able = [row for row in completed if can_win(row)]
        peers = sum(row.chosen == first.chosen for row in able)
        return cls(
            first=first,
            answers=answers_of(first, objective, folder),
            objective=objective,
            spread=seed_spread(rows, objective),
            count=_pairs(peers, min(len(completed), COMPARED + 1)),
            of_images=_pairs(len(able), len(completed)),
            folder=folder,
        )

    def over(self, row: Row) -> Estimate:
        """Estimate by how much the winner exceeds another, towards better.

        Raises:
            UserError: If a file of answers is damaged.
        """
        answers = answers_of(row, self.objective, self.folder)
        seeds = self.spread.of_difference(_counted(self.first), _counted(row))
        gain = sign_of(self.objective) * (self.first.value - row.value)
        images = _widened(paired_component(self.answers, answers), self.count, self.of_images)
        return estimate(gain, [seeds, images], self.count, apart=seeds.df < FEW)

    def gain(self, row: Row) -> Gain:
        """Return by how much the winner exceeds another, as it is reported.

        Raises:
            UserError: If a file of answers is damaged.
        """
        difference = self.over(row)
        bounds = (difference.low, difference.high)
        interval = None if isnan(difference.low) else cut(bounds, self.objective, least=-1.0)
        return Gain(row.trial, difference.value, interval, difference.level)


@dataclass(frozen=True)
class Side:
    """The winner of a run, to be compared with that of another run.

    Attributes:
        row: Its row.
        spread: How much values of its run vary with the seed.
        folder: Of its run.
        able: How many trials of its run might have won, by the images.
    """

    row: Row
    spread: Spread
    folder: RunFolder
    able: int

    @classmethod
    def of(cls, row: Row, rows: Sequence[Row], objective: Objective, folder: RunFolder) -> Self:
        """Prepare the winner of a run for comparisons with those of other runs.

        Args:
            row: The winner's.
            rows: The ranking.
            objective: What it is ranked by.
            folder: Of the run.
        """
        able = sum(can_win(member) for member in _completed(rows))
        return cls(row, seed_spread(rows, objective), folder, max(1, able))


def duel(first: Side, second: Side, objective: Objective, count: int) -> Estimate:
    """Estimate by how much the winner of a run exceeds that of another, towards better.

    Both were chosen on the same images, among more trials or fewer: so what images add to the width
    pays for all pairs of trials of the two that could have won, as within a run.

    Args:
        first: Of the one run.
        second: Of the other, which ranks on the same images.
        objective: Of both.
        count: How many duels are shown, whose intervals hold together in 95 % of cases.

    Raises:
        UserError: If a file of answers is damaged.
    """
    sides = (first, second)
    seeds = total([side.spread.of_mean(*_counted(side.row)) for side in sides])
    answers = [answers_of(side.row, objective, side.folder) for side in sides]
    gain = sign_of(objective) * (first.row.value - second.row.value)
    images = _widened(paired_component(*answers), count, count * first.able * second.able)
    return estimate(gain, [seeds, images], count, apart=seeds.df < FEW)


def answers_of(row: Row, objective: Objective, folder: RunFolder) -> Sample | None:
    """Read what images say of a value; None where no answers are kept, or they give another value.

    The answers belong to the study's own metric: where a run is ranked by another, they say nothing
    of it.

    Args:
        row: Of a ranking.
        objective: What it is ranked by.
        folder: Of the run, with what trials saved.

    Raises:
        UserError: If a file of answers is damaged.
    """
    answers, summary, labels = [], None, None
    for training in row.counted:
        saved = ranking_file.read(folder.saved(training.id))
        if saved is None or saved.labels.ndim != 1:
            return None
        labels = saved.labels
        summary = summary_of(objective.metric, saved.eps, saved.scale) or Area(saved.eps)
        value = value_of(saved.scores, labels, summary)
        if not isclose(value, objective.value(training.reports[-1]), abs_tol=1e-6):
            return None
        answers.append(saved.scores)
    return None if labels is None or summary is None else Sample.of(answers, labels, summary)


def paired_component(first: Sample | None, second: Sample | None) -> Component:
    """Estimate the variance of a difference over images, which both answered."""
    if first is None or second is None or not np.array_equal(first.labels, second.labels):
        return UNKNOWN
    return (first - second).component


def _pairs(peers: int, total: int) -> int:
    """Count the pairs of rows, of which at least one is a peer; one pair at least."""
    peers = min(peers, total)
    return max(1, peers * (peers - 1) // 2 + peers * (total - peers))


def _widened(part: Component, count: int, more: int) -> Component:
    """Return a component whose interval at the level of some comparisons holds for more of them."""
    if isnan(part.variance):
        return part
    widths = [quantile(part.df, corrected(number)) for number in (more, count)]
    return Component(part.variance * (widths[0] / widths[1]) ** 2, part.df)


def _counted(row: Row) -> tuple[str, int]:
    """Return the id of a config's first training, and of how many trainings its value is."""
    return row.trial.id, len(row.counted)


def _completed(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.trial.state is State.COMPLETED and not isnan(row.value)]
