"""Which constraints were missed."""

from make_run import Blueprint

from analysis.numbers.alarms import MEANINGS, alarms
from search.engine.trial import State
from trainables.metrics.alarms import ALARMS


def test_a_missed_constraint_is_counted_with_its_trials(build):
    failed = Blueprint("t003", state=State.FAILED, reports=0, reason="x")
    run = build(
        Blueprint("r01", "baseline", violation=-0.1),
        Blueprint("t001", violation=0.2),
        Blueprint("t002", violation=0.1),
        failed,
    )
    (row,) = alarms(run).itertuples()
    assert (row.constraint, row.measured, row.missed) == ("clean_floor", 3, 2)
    assert row.trials == "t001, t002"


def test_every_alarm_has_a_meaning(build):
    assert set(ALARMS) < set(MEANINGS)
    run = build(Blueprint("t001", violation=-1.0))
    assert alarms(run)["missed"].tolist() == [0]
