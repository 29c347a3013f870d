"""Virtual time."""

import pytest

from search.simulation.executor import Candidate, Contender, VirtualClock, execute
from search.simulation.tables.ladder import parse_ladder, parse_prices
from search.simulation.tables.problem import Laboratory

PRICES = parse_prices("clean=0.0000001,weak=1,strong=3")


class Scripted(Contender):
    """Tries rows in order; those named go on to the second rung."""

    def __init__(self, clock, rows, go_on):
        self.clock, self.rows, self.go_on, self.log = clock, list(rows), go_on, []

    def propose(self):
        if not self.rows:
            return None
        row = self.rows.pop(0)
        self.log.append(("propose", row, round(self.clock())))
        return Candidate(f"job {row}", row)

    def report(self, candidate, rung, metrics):
        self.log.append(("report", candidate.row, round(self.clock())))
        assert candidate.id == f"job {candidate.row}"
        return rung == 0 and candidate.row in self.go_on

    winner = repeats = None


@pytest.fixture
def run(make_problem):
    def runner(rows, go_on, workers):
        clock = VirtualClock()
        contender = Scripted(clock, rows, go_on)
        ladder = parse_ladder("weak_eps1,strong_eps1", "1,1", PRICES)
        shift = execute(contender, Laboratory(make_problem(), ladder, 0), workers, clock)
        timeline = [(round(e.time), round(e.total_cost), e.row, e.rung) for e in shift.evaluations]
        return shift, timeline, contender.log

    return runner


def test_timeline_of_two_workers(run):
    shift, timeline, log = run(range(5), {0}, workers=2)
    # one worker: row 0 for 1, then its second rung for 3; the other: rows 1, 2, 3, 4
    assert timeline == [
        (1, 1, 0, 0),
        (1, 2, 1, 0),
        (2, 3, 2, 0),
        (3, 4, 3, 0),
        (4, 7, 0, 1),
        (4, 8, 4, 0),
    ]
    assert log == [
        ("propose", 0, 0),
        ("propose", 1, 0),
        ("report", 0, 1),
        ("report", 1, 1),
        ("propose", 2, 1),
        ("report", 2, 2),
        ("propose", 3, 2),
        ("report", 3, 3),
        ("propose", 4, 3),
        ("report", 0, 4),
        ("report", 4, 4),
    ]
    assert shift.cost == pytest.approx(8, abs=0.01)
    assert shift.utilisation == pytest.approx(1, abs=0.01)


def test_a_worker_without_work_is_idle(run):
    shift, timeline, _ = run([0], {0}, workers=4)
    assert timeline == [(1, 1, 0, 0), (4, 4, 0, 1)]
    assert shift.utilisation == pytest.approx(1 / 4)


def test_nothing_to_do(run):
    shift, timeline, _ = run([], set(), workers=2)
    assert timeline == []
    assert shift.cost == shift.utilisation == 0
