"""The peers pay for every network that they try."""

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from search.simulation.executor import Effort, VirtualClock, execute
from search.simulation.peers import PEERS, Peer
from search.simulation.tables.ladder import parse_ladder, parse_prices
from search.simulation.tables.problem import Laboratory

LADDER = parse_ladder("strong_eps1", None, parse_prices("strong=10"))


@pytest.fixture
def run():
    def runner(problem, make, trials=30, seed=0):
        peer = Peer(problem, make, Effort(trials, 4, "fifo", seed))
        shift = execute(peer, Laboratory(problem, LADDER, seed), 4, VirtualClock())
        return peer, [e.row for e in shift.evaluations], shift

    return runner


@pytest.mark.parametrize("name", PEERS)
def test_every_trial_costs_the_target_and_repeats_count(make_problem, run, name):
    problem = make_problem(clean=np.r_[np.full(12, 0.9), np.full(12, 0.4)])
    peer, rows, shift = run(problem, PEERS[name])
    assert len(rows) == 30
    assert shift.cost == 30 * 11 * 10_000
    assert peer.repeats == 30 - len(set(rows)) > 0
    assert peer.winner == max(row for row in rows if row < 12)
    assert [trial.state for trial in peer._study.trials] == [TrialState.COMPLETE] * 30


@pytest.mark.parametrize("name", PEERS)
def test_the_same_seed_gives_the_same_search(make_problem, run, name):
    searches = [run(make_problem(), PEERS[name], seed=seed)[1] for seed in (1, 1, 2)]
    assert searches[0] == searches[1] != searches[2]


def test_a_missed_floor_is_a_violated_constraint(make_problem, run):
    problem = make_problem(clean=np.r_[np.full(12, 0.9), np.full(12, 0.4)])
    peer, _, _ = run(problem, PEERS["random"])
    for trial in peer._study.trials:
        row = problem.networks.row(trial.params)
        assert trial.constraints == {"floor": pytest.approx(-0.4 if row < 12 else 0.1)}


def test_without_a_floor_there_is_no_constraint(make_problem, run):
    peer, rows, _ = run(make_problem(floor=0), PEERS["random"])
    assert not any(trial.constraints for trial in peer._study.trials)
    assert peer.winner == max(rows)


def test_nobody_met_the_floor(make_problem, run):
    peer, _, _ = run(make_problem(clean=np.r_[np.full(23, 0.1), 0.9]), PEERS["random"], trials=3)
    assert peer.winner is None


def test_the_optuna_peer_is_optuna_as_it_comes(make_problem, run):
    _, rows, _ = run(make_problem(floor=0), PEERS["Optuna TPE"], seed=3)
    problem = make_problem(floor=0)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=3))
    waiting, expected = [], []
    for _ in range(30):  # equal costs: the trial that waits longest ends first
        if len(waiting) == 4:
            trial, row = waiting.pop(0)
            study.tell(trial, problem.table.column("strong_eps1")[row])
        trial = study.ask()
        row = problem.networks.row(
            {
                p.name: trial.suggest_categorical(p.name, p.domain.options)
                for p in problem.networks.space.params
            }
        )
        waiting.append((trial, row))
        expected.append(row)
    assert rows == expected


def test_points_that_the_table_lacks_cost_nothing(make_problem, run):
    full = make_problem(floor=0)
    table = type(full.table)(
        "toy", full.table.archs[3:], {name: c[3:] for name, c in full.table.columns.items()}
    )
    peer, rows, _ = run(type(full)(table, "strong_eps1", 0), PEERS["random"])
    assert len(rows) == 30
    pruned = peer._study.get_trials(states=(TrialState.PRUNED,))
    assert pruned
    assert all(trial.constraints == {"not in the table": 1.0} for trial in pruned)
