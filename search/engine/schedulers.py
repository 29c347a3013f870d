"""Schedulers stop trials early. They are pure: same reports in same order, same decisions."""

from abc import ABC, abstractmethod
from bisect import insort
from fractions import Fraction
from typing import final

import numpy as np

from search.engine.agreement import Agreement
from search.engine.objective import LAST, Standing
from search.engine.pareto import depths
from search.engine.trial import Decision

SHARE, HALF, WIDE = Fraction(1, 3), Fraction(1, 2), Fraction(2, 3)
TRUSTED = 0.3  # least lower end of tau's interval
EVIDENCE = 8  # sampled trials at both rungs before their agreement counts


def promoted_share(agreement: Agreement | None) -> Fraction:
    """Return the share of trials that a rung lets go on: a third, a half, or two thirds.

    A half while too few sampled trials reached the next rung (fewer than 8) to measure whether it
    ranks them alike. Then a third where it does, the lower end of tau's 95 % interval being 0.3 or
    more; else two thirds: a rung that cannot tell good from bad may not sort out the most.

    Args:
        agreement: Of the rung with the next; None where nothing was measured.
    """
    if agreement is None or agreement.trials < EVIDENCE:
        return HALF
    return SHARE if agreement.low >= TRUSTED else WIDE


class Scheduler(ABC):
    """Decides at each rung below the last whether a trial goes on."""

    @abstractmethod
    def decide(self, rung: int, standing: Standing, share: Fraction = SHARE) -> Decision:
        """Record how a trial stands at a rung, and say whether it goes on.

        Args:
            rung: Its place on the ladder, from 0.
            standing: How the trial does there.
            share: Of the trials that may go on.
        """


@final
class Fifo(Scheduler):
    """Stops nothing."""

    def decide(
        self,
        rung: int,  # noqa: ARG002
        standing: Standing,  # noqa: ARG002
        share: Fraction = SHARE,  # noqa: ARG002
    ) -> Decision:
        """Go on.

        Args:
            rung: Does not matter.
            standing: Does not matter.
            share: Does not matter.
        """
        return Decision.CONTINUE


@final
class Asha(Scheduler):
    """Asynchronous successive halving in its stopping form [asha].

    A trial goes on where it stands among the best share of those that reached its rung so far
    (rounded down, but at least one, ties go on). Trials that are stopped are not taken up
    again: that would need weights of every trial kept, and on few workers the gain is small. A NaN
    never goes on; a trial that violates a constraint stands behind all that meet theirs, and goes
    on only where nothing better is known. Of two objectives the fronts count, one after the other.
    """

    def __init__(self) -> None:
        self._standings: dict[int, list[Standing]] = {}

    def decide(self, rung: int, standing: Standing, share: Fraction = SHARE) -> Decision:
        """Compare with the standings at the same rung.

        Args:
            rung: Its place on the ladder, from 0.
            standing: How the trial does there; it counts for all later decisions at this rung.
            share: Of the trials that may go on, in (0, 1].
        """
        standings = self._standings.setdefault(rung, [])
        insort(standings, standing)
        if standing == LAST:
            return Decision.STOP
        own_standing, order = standing, standings
        if len(standing) > 2:
            ranked = _by_fronts(standings)
            own_standing, order = ranked[standings.index(standing)], sorted(ranked)
        promoted = max(1, int(len(standings) * share))
        return Decision.CONTINUE if own_standing >= order[-promoted] else Decision.STOP


def _by_fronts(standings: list[Standing]) -> list[Standing]:
    """Put the number of the front in place of two values; a front of feasible ones comes first."""
    sound = [index for index, standing in enumerate(standings) if standing != LAST]
    result: list[Standing] = [LAST] * len(standings)
    for violation in {standings[index][0] for index in sound}:
        indices = [index for index in sound if standings[index][0] == violation]
        points = np.array([standings[index][1:] for index in indices])
        for index, depth in zip(indices, depths(points), strict=True):
            result[index] = (violation, -float(depth))
    return result


SCHEDULERS: dict[str, type[Scheduler]] = {"asha": Asha, "fifo": Fifo}
