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

SHARE, WIDE = Fraction(1, 3), Fraction(2, 3)
TRUSTED = 0.3  # least lower end of tau's interval
EVIDENCE = 8  # trials at both rungs before their agreement counts


def promoted_share(agreement: Agreement) -> Fraction:
    """Return the share of trials that a rung lets go on: one third, or two thirds.

    Two thirds while the rung's rank agreement with the next is measured (on 8 trials) and poor: the
    lower end of its 95 % interval is under 0.3. A rung that cannot tell good from bad may not sort
    out the most.
    """
    poor = agreement.trials >= EVIDENCE and not agreement.low >= TRUSTED
    return WIDE if poor else SHARE


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
        """Go on."""
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
        """Compare with the standings at the same rung."""
        known = self._standings.setdefault(rung, [])
        insort(known, standing)
        if standing == LAST:
            return Decision.STOP
        mine, order = standing, known
        if len(standing) > 2:
            ranked = _by_fronts(known)
            mine, order = ranked[known.index(standing)], sorted(ranked)
        kept = max(1, int(len(known) * share))
        return Decision.CONTINUE if mine >= order[-kept] else Decision.STOP


def _by_fronts(known: list[Standing]) -> list[Standing]:
    """Put the number of the front in place of two values; a front of feasible ones comes first."""
    sound = [place for place, standing in enumerate(known) if standing != LAST]
    found: list[Standing] = [LAST] * len(known)
    for violation in {known[place][0] for place in sound}:
        alike = [place for place in sound if known[place][0] == violation]
        points = np.array([known[place][1:] for place in alike])
        for place, depth in zip(alike, depths(points), strict=True):
            found[place] = (violation, -float(depth))
    return found


SCHEDULERS: dict[str, type[Scheduler]] = {"asha": Asha, "fifo": Fifo}
