"""``confirm.json``: what is confirmed, and in the end what it came to. Needs neither torch nor Ray.

Version 1 has the fields of `ConfirmationStart`, and once the confirmation has ended those of
`ConfirmationResult`; version 0 has the same, and does not say its version.
"""

import math
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from search.confirmation.finalists import Finalist
from search.confirmation.plan import ConfirmPlan
from search.record.versioned import (
    VERSION,
    Measured,
    Versioned,
    parse_versioned,
    read_versioned,
)
from search.record.writer import now
from trainables.door.paths import inside
from trainables.study.examination import Direction

CONFIRMED = "confirm.json"
Role = Literal["reference", "control", "arm", "searched"]
"""As what the winner is compared with a finalist: a reference, a matched control, the best of
another arm, or the trial that the search had first."""


class Part(BaseModel):
    """Base of what a record consists of; fields that are unknown here are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Estimate(Part):
    """A value with the bounds of its 95 % interval."""

    value: Measured
    low: Measured
    high: Measured

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval."""
        return self.low, self.high


class Images(Part):
    """How many images each split had."""

    ranking: int
    test: int


class StandingRecord(Part):
    """A finalist under the ensemble, see `search.confirmation.verdict.Standing`.

    Attributes:
        id: In the confirmation.
        name: What a reader knows it by.
        config: The whole config.
        place: In the run's ranking, from 1.
        promised: Its value there; NaN where that is of another metric than the value here.
        value: On the ranking split, mean over trainings.
        seeds: Value of each training.
        barred: Constraints that at least half of its trainings miss.
    """

    id: str
    name: str
    config: dict[str, Any]
    place: int
    promised: Measured
    value: Estimate
    seeds: tuple[Measured, ...]
    barred: tuple[str, ...]


class Condition(Part):
    """The mean score of a finalist under a condition, see `Examination.conditions`."""

    kind: str
    strength: float
    score: Measured


class Comparison(Part):
    """The winner beside another finalist, on test.

    Attributes:
        over: The other's name.
        id: Its id; empty in records of before.
        role: What the other is.
        difference: Of the two values.
        verdict: ``better``, ``worse`` or ``not distinguishable``.
        p: Of Welch's test, see `search.confirmation.statistics`; in records without ``seeds``, of
            Wilcoxon's signed-rank test over images.
        p_adjusted: By Bonferroni's correction for the number of comparisons, at every opening.
        n: Images.
        level: Of the interval of the difference, corrected alike.
        df: Degrees of freedom.
        seeds: Trainings of the winner, and of the other.
    """

    over: str
    id: str = ""
    role: Role = "reference"
    difference: Estimate
    verdict: str
    p: Measured
    p_adjusted: Measured
    n: int
    level: float = 0.95
    df: Measured = math.nan
    seeds: tuple[int, int] | None = None


class SelectionRecord(Part):
    """How far the search's ranking could be trusted, see `search.confirmation.verdict.Selection`.

    Attributes:
        winner: Id of the finalist that the search had first.
        promised: Its value in the search; NaN where that is of another metric.
        left: Its value under the ensemble, on other seeds; NaN where no training of it completed.
        barred: Constraints that at least half of its trainings miss: then it cannot win.
        best_place: Place in the search's ranking of the best.
        tau: Kendall's, of sampled finalists; NaN where there are too few. In records without an
            interval it is of all finalists and rests on references.
        tau_low: Lower end of its 95 % interval; NaN where there is none.
        tau_high: Upper end.
        sampled: How many finalists it is of.
        optimism: By how much the best looks better than it is for having been chosen.
        ranked_by: The metric that ranked the run, where a confirmation measures something else;
            empty where it measures the same.
    """

    winner: str
    promised: Measured
    left: Measured
    best_place: int
    tau: Measured
    tau_low: Measured = math.nan
    tau_high: Measured = math.nan
    sampled: int = 0
    optimism: Measured
    barred: tuple[str, ...] = ()
    ranked_by: str = ""


class WithoutNear(Part):
    """Test without the images that have near copies, see `search.confirmation.near`.

    Attributes:
        images: How many are left.
        test: As of the result.
        conditions: As of the result.
    """

    images: int
    test: dict[str, Estimate]
    conditions: dict[str, tuple[Condition, ...]]


class Wins(Part):
    """How many worst images each attack made, by split."""

    ranking: dict[str, int]
    test: dict[str, int]


class Exported(Part):
    """Which training of the winner was exported, and its seed."""

    training: str
    seed: int


class ConfirmationStart(Versioned):
    """A confirmation from its first moment on.

    Attributes:
        run: The run that is confirmed: its folder, or its address in a store.
        plan: How.
        finalists: Who takes part.
        started: Time of the start.
        winner: Id of the finalist that won on ranking; None until that is known.
    """

    run: str
    plan: ConfirmPlan
    finalists: tuple[Finalist, ...]
    started: str
    winner: str | None = None


class ConfirmationResult(ConfirmationStart):
    """A confirmation that has ended.

    Attributes:
        winner: Id of the finalist that won on ranking.
        score: What a score is, in words.
        direction: Whether more or less of it is better.
        eps: Radii, in the unit of the study's threat model.
        summary: What a value is of the scores at these radii: their ``skill`` or ``area``.
        constant: The score on test of an answer that never looks at the input; NaN where that is
            not known.
        constant_value: Its value.
        images: Of each split.
        standings: Finalists on ranking, best first.
        test: Value of each finalist that met the test split, by id.
        trainings: How many trainings each of these has there, and 0 of whom all failed; empty in
            records of before.
        conditions: Scores of each of these under each condition, by id.
        without_near: The same two without the images that have near copies; None where no image
            has any, or they were not looked for.
        comparisons: The winner beside each reference, each matched control and the best of each
            other arm.
        openings: How often the run's test split had been opened, this time included: each
            further one has half the level of the one before.
        earlier_openings: How many of these in runs that the run starts from.
        matched: The controls that are matched to the winner; None in records of before there were
            any.
        selection: How far the search's ranking could be trusted.
        missed: How many of the winner's trainings that met the test split miss each constraint.
        wins: Which attacks made the worst images.
        guessed: The share of test images that only attacks without the winner's gradient broke (or
            made worse), at the radius where it is greatest, with its exact interval; None where it
            is not known.
        seconds: Of the command that ended it.
        exported: Which training.
        exports: By form the file, or why there is none.
        ended: Time of the end.
    """

    winner: str
    score: str
    direction: Direction
    eps: tuple[float, ...]
    summary: Literal["skill", "area"] = "area"
    constant: Measured = math.nan
    constant_value: Measured = math.nan
    images: Images
    standings: tuple[StandingRecord, ...]
    test: dict[str, Estimate]
    trainings: dict[str, int] = Field(default_factory=dict)
    conditions: dict[str, tuple[Condition, ...]]
    without_near: WithoutNear | None = None
    comparisons: tuple[Comparison, ...]
    openings: PositiveInt = 1
    earlier_openings: NonNegativeInt = 0
    matched: tuple[Finalist, ...] | None = None
    selection: SelectionRecord
    missed: dict[str, int] = Field(default_factory=dict)
    wins: Wins
    guessed: Estimate | None = None
    seconds: float
    exported: Exported
    exports: dict[str, str]
    ended: str

    @model_validator(mode="after")
    def _check_ids(self) -> Self:
        ids = {standing.id for standing in self.standings}
        searched = {finalist.id for finalist in self.finalists}
        if self.winner not in ids or self.selection.winner not in ids | searched:
            raise ValueError("the winner is not among the standings")
        ids |= {control.id for control in self.matched or ()}
        if self.winner not in self.test or not ids >= set(self.test) == set(self.conditions):
            raise ValueError("test and conditions are not those of the same finalists")
        if len({len(row) for row in self.conditions.values()}) > 1:
            raise ValueError("finalists have not the same conditions")
        near = self.without_near
        if near and not set(self.test) == set(near.test) == set(near.conditions):
            raise ValueError("test with and without near copies is not of the same finalists")
        return self

    @property
    def regret(self) -> Comparison | None:
        """The winner beside the trial that the search had first; None where it is that trial.

        On test, and of trainings that chose neither: what the best gained by being chosen on the
        ranking split is no part of it. None too where the other never met test.
        """
        for rival in self.comparisons:
            if rival.id == self.selection.winner or (not rival.id and rival.role == "searched"):
                return rival
        return None

    @property
    def sign(self) -> float:
        """1 where more of a value is better, -1 where less is."""
        return 1.0 if self.summary == "skill" or self.direction == "max" else -1.0

    @property
    def near_images(self) -> int:
        """How many test images have near copies, as far as that was looked for."""
        return self.images.test - self.without_near.images if self.without_near else 0

    @property
    def names(self) -> dict[str, str]:
        """What a reader knows each finalist by, by id."""
        matched = {control.id: control.name for control in self.matched or ()}
        finalists = {finalist.id: finalist.name for finalist in self.finalists}
        return finalists | matched | {standing.id: standing.name for standing in self.standings}

    @property
    def first(self) -> StandingRecord:
        """The winner's standing."""
        return next(standing for standing in self.standings if standing.id == self.winner)


def read_confirmation(folder: Path) -> ConfirmationStart | ConfirmationResult | None:
    """Read the record of a confirmation, ended or not; None where the folder has none.

    Raises:
        UserError: If it cannot be read, or a field is not of this version.
    """
    file = inside(folder, CONFIRMED)
    try:
        start = read_versioned(ConfirmationStart, file)
    except FileNotFoundError:
        return None
    values = start.as_json()
    return parse_versioned(ConfirmationResult, values, file) if "comparisons" in values else start


def begin_confirmation(folder: Path, values: dict[str, Any]) -> None:
    """Write the record of a confirmation that begins.

    Args:
        folder: Of the confirmation.
        values: ``run``, ``plan`` and ``finalists``, as JSON values.
    """
    fields = {"version": VERSION, **values, "started": now()}
    file = inside(folder, CONFIRMED)
    parse_versioned(ConfirmationStart, fields, file).adding(file)


def add_winner(folder: Path, winner: str) -> None:
    """Write down who won on ranking, which is done before the test split is opened."""
    file = inside(folder, CONFIRMED)
    read_versioned(ConfirmationStart, file).adding(file, winner=winner)


def end_confirmation(folder: Path, values: dict[str, Any]) -> ConfirmationResult:
    """Write down what a confirmation came to, and return it as any reader has it.

    Args:
        folder: Of the confirmation.
        values: The fields of `ConfirmationResult` that are not those of `ConfirmationStart`.
    """
    file = inside(folder, CONFIRMED)
    fields = {**read_versioned(ConfirmationStart, file).as_json(), **values, "ended": now()}
    return parse_versioned(ConfirmationResult, fields, file).adding(file)
