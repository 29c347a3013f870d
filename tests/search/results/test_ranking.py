import numpy as np
import pytest

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.record.run_folder import RunFolder
from search.results.ranking import gains, leaders, rank, tied, winner
from search.results.tables import winner_lines
from trainables.study import ranking_file
from trainables.study.report import Report

HIGH = Objective("m", "max")


def trial(name, state, *values, epochs=(1, 3, 9), floor=-1.0, label="", **fields):
    reports = [
        Report(epoch, {"m": value, "loss": 1 - value}, constraints={"floor": floor}, rung=rung)
        for rung, (epoch, value) in enumerate(zip(epochs, values, strict=False))
    ]
    return Trial(name, {}, label=label, state=state, reports=reports, **fields)


def test_only_the_full_budget_competes():
    trials = [
        trial("failed", State.FAILED, 0.99, reason="boom"),
        trial("pruned early", State.PRUNED, 0.95),
        trial("pruned late", State.PRUNED, 0.3, 0.35),
        trial("interrupted", State.INTERRUPTED, 0.3, 0.4),
        trial("below the floor", State.COMPLETED, 0.9, 0.9, 0.98, floor=0.1),
        trial("second", State.COMPLETED, 0.9, 0.9, 0.5),
        trial("first", State.COMPLETED, 0.1, 0.1, 0.6),
        trial("running", State.RUNNING),
    ]
    rows = rank(trials, HIGH)
    assert [row.trial.id for row in rows] == [
        "first",
        "second",
        "below the floor",
        "interrupted",
        "pruned late",
        "pruned early",
        "failed",
        "running",
    ]
    assert winner(rows).trial.id == "first"
    assert winner(rows).value == 0.6
    assert rows[2].note == "floor missed"


def test_less_is_better_where_the_metric_says_so():
    trials = [trial(str(value), State.COMPLETED, 0, 0, value) for value in (0.2, 0.8, 0.5)]
    rows = rank(trials, Objective("loss", "min"))
    assert [row.trial.id for row in rows] == ["0.8", "0.5", "0.2"]


def test_there_is_no_winner_where_nothing_completed_or_all_missed_the_floor():
    assert winner([]) is None
    assert winner(rank([trial("p", State.PRUNED, 0.9)], HIGH)) is None
    missed = trial("c", State.COMPLETED, 0.9, 0.9, 0.9, floor=0.01)
    assert winner(rank([missed], HIGH)) is None


@pytest.fixture
def answers(tmp_path):
    """Two trials that answer 40 images; the curve of b lies 10 points below that of a."""
    labels = np.arange(40) % 2
    eps = np.array([0.0, 0.5, 1.0])
    folder = RunFolder(tmp_path)
    for name, right in (("a", 32), ("b", 28)):
        correct = np.zeros((3, 40), dtype=bool)
        correct[:, :right] = True
        folder.trial(name).mkdir(parents=True)
        ranking_file.write(folder.trial(name), correct, labels, eps)
    return folder


def test_gains_carry_a_paired_interval_where_the_answers_explain_the_values(answers):
    a = trial("a", State.COMPLETED, 0, 0, 0.8)
    b = trial("b", State.COMPLETED, 0, 0, 0.7, label="baseline")
    rows = rank([a, b], HIGH)
    (gain,) = gains(rows[0], rows, HIGH, answers)
    low, high = gain.interval
    assert gain.over is b
    assert gain.value == pytest.approx(0.1)
    assert 0 <= low < 0.1 < high < 0.25


def test_a_gain_is_positive_where_a_smaller_value_is_better(answers):
    a = trial("a", State.COMPLETED, 0, 0, 0.8, label="baseline")
    b = trial("b", State.COMPLETED, 0, 0, 0.7)
    low_is_good = Objective("m", "min")
    rows = rank([a, b], low_is_good)
    (gain,) = gains(rows[0], rows, low_is_good, answers)
    low, high = gain.interval
    assert rows[0].trial is b
    assert gain.value == pytest.approx(0.1)
    assert 0 <= low < 0.1 < high < 0.25


def test_gains_have_no_interval_where_another_metric_ranks(answers):
    a = trial("a", State.COMPLETED, 0, 0, 0.9)
    b = trial("b", State.COMPLETED, 0, 0, 0.2, label="baseline")
    rows = rank([a, b], HIGH)
    (gain,) = gains(rows[0], rows, HIGH, answers)
    assert gain.interval is None


def test_gains_are_over_completed_references_only(tmp_path):
    trials = [
        trial("a", State.COMPLETED, 0, 0, 0.9),
        trial("b", State.COMPLETED, 0, 0, 0.8),
        trial("r", State.FAILED, 0.1, label="broken"),
    ]
    rows = rank(trials, HIGH)
    assert gains(rows[0], rows, HIGH, RunFolder(tmp_path)) == []


def test_a_control_keeps_its_rank_but_cannot_win(tmp_path):
    control = trial("r", State.COMPLETED, 0, 0, 0.8, label="baseline", control=True)
    best = trial("t", State.COMPLETED, 0, 0, 0.6)
    rows = rank([best, control], HIGH)
    assert [row.trial.id for row in rows] == ["r", "t"]
    assert winner(rows).trial.id == "t"
    (gain,) = gains(winner(rows), rows, HIGH, RunFolder(tmp_path))
    assert gain.value == pytest.approx(-0.2)
    lines = winner_lines(winner(rows), [gain], HIGH)
    assert "but r baseline did better: see the negative gains" in "\n".join(lines)
    assert winner(rank([control], HIGH)) is None


def answer(folder, name, right):
    """40 answers at two radii, so many of them right."""
    path = folder.trial(name)
    path.mkdir(parents=True)
    scores = np.zeros((2, 40), dtype=bool)
    scores[:, :right] = True
    ranking_file.write(path, scores, np.zeros(40, int), (0.0, 0.1))


def test_ties_are_what_the_paired_interval_cannot_tell_apart(tmp_path):
    folder = RunFolder(tmp_path)
    rights = {"best": 30, "near": 29, "far": 12, "control": 30, "missed": 30}
    for name, right in rights.items():
        answer(folder, name, right)
    trials = [
        trial(name, State.COMPLETED, 0, 0, right / 40, floor=0.1 if name == "missed" else -0.1,
              control=name == "control")
        for name, right in rights.items()
    ]  # fmt: skip
    trials.append(trial("silent", State.COMPLETED, 0, 0, 0.74))  # saved no answers
    rows = rank(trials, HIGH)
    assert [row.trial.id for row in tied(rows, HIGH, folder)] == ["best", "near"]
    assert [one.id for one in leaders(rows, HIGH, folder)] == ["best", "near"]
    alone = rank([one for one in trials if one.id != "near"], HIGH)
    assert leaders(alone, HIGH, folder) == []


def test_raced_trials_go_by_their_means_before_all_others(tmp_path):
    lucky = trial("lucky", State.COMPLETED, 0, 0, 0.8)
    steady = trial("steady", State.COMPLETED, 0, 0, 0.7)
    behind = trial("behind", State.COMPLETED, 0, 0, 0.65)
    again = [
        trial(f"{of}.{n}", State.COMPLETED, 0, 0, value, repeats=of, seed=n - 1)
        for of, n, value in [("lucky", 2, 0.3), ("lucky", 3, 0.4), ("steady", 2, 0.6)]
    ]
    running = trial("steady.3", State.RUNNING, 0.9, repeats="steady", seed=2)
    rows = rank([lucky, steady, behind, *again, running], HIGH)
    assert [row.trial.id for row in rows] == ["steady", "lucky", "behind"]
    assert [row.seeds for row in rows] == [2, 3, 1]
    assert rows[0].value == pytest.approx(0.65)
    assert rows[1].interval == (0.3, 0.8)
    assert [row.trial.id for row in tied(rows, HIGH, RunFolder(tmp_path))] == ["steady", "lucky"]


def test_a_seed_that_misses_a_constraint_bars_its_config():
    first = trial("t001", State.COMPLETED, 0, 0, 0.8)
    again = trial("t001.2", State.COMPLETED, 0, 0, 0.9, floor=0.2, repeats="t001", seed=1)
    rows = rank([first, again], HIGH)
    assert rows[0].note == "floor missed"
    assert winner(rows) is None
