import math

import pytest

from search.engine.agreement import Agreement
from search.engine.objective import LAST
from search.engine.schedulers import HALF, SHARE, WIDE, Asha, Fifo, promoted_share
from search.engine.trial import Decision

GO, STOP = Decision.CONTINUE, Decision.STOP


def feasible(value: float) -> tuple[float, float]:
    return (0.0, value)


def test_asha_keeps_the_best_third_of_those_seen_so_far():
    asha = Asha()
    values = [0.5, 0.4, 0.6, 0.5, 0.9, 0.6, 0.55, 0.6]
    # kept: 1 of 1, 2, 3, 4, 5; 2 of 6, 7, 8: so the bar rises to 0.9, then falls to 0.6
    assert [asha.decide(3, feasible(value)) for value in values] == [
        GO, STOP, GO, STOP, GO, GO, STOP, GO,
    ]  # fmt: skip


def test_asha_compares_within_a_rung_only():
    asha = Asha()
    assert asha.decide(1, feasible(0.9)) is GO
    assert asha.decide(3, feasible(0.1)) is GO
    assert asha.decide(1, feasible(0.8)) is STOP


def test_asha_puts_a_violated_constraint_behind_every_feasible_value():
    asha = Asha()
    assert asha.decide(1, (-0.2, 0.9)) is GO  # nothing better is known
    assert asha.decide(1, (-0.1, 0.1)) is GO  # violates less
    assert asha.decide(1, feasible(0.01)) is GO
    assert asha.decide(1, (-0.1, 0.9)) is STOP


def test_asha_never_lets_a_nan_go_on():
    asha = Asha()
    assert asha.decide(1, LAST) is STOP
    assert asha.decide(1, feasible(-1e9)) is GO


def test_asha_keeps_the_share_it_is_told():
    asha = Asha()
    values = [0.9, 0.8, 0.7, 0.6]
    # two thirds of 1, 2, 3, 4: at least 1, then 1, 2, 2
    decisions = [asha.decide(0, feasible(value), WIDE) for value in values]
    assert decisions == [GO, STOP, STOP, STOP]
    assert asha.decide(0, feasible(0.75), WIDE) is GO  # third of five, three go on


@pytest.mark.parametrize(
    ("trials", "low", "share"),
    [
        (7, 0.9, HALF),
        (8, 0.29, WIDE),
        (8, 0.3, SHARE),
        (9, math.nan, WIDE),
        (99, -0.2, WIDE),
        (99, 0.8, SHARE),
    ],
)
def test_promotion_widens_where_rungs_are_measured_to_disagree(trials, low, share):
    assert promoted_share(Agreement(0, trials, 0.5, low, 0.9)) == share
    assert promoted_share(None) == HALF


def test_of_two_values_the_fronts_count():
    asha = Asha()
    assert asha.decide(0, (0.0, 1.0, 5.0)) is GO
    assert asha.decide(0, (0.0, 5.0, 1.0)) is GO  # on the same front
    assert asha.decide(0, (0.0, 0.5, 0.5)) is STOP  # dominated
    assert asha.decide(0, (-0.1, 9.0, 9.0)) is STOP  # violates a constraint
    assert asha.decide(0, LAST) is STOP
    assert asha.decide(0, (0.0, 4.0, 4.0)) is GO


def test_fifo_stops_nothing():
    assert Fifo().decide(1, LAST) is GO
