import numpy as np
import optuna
import pytest

from search.engine.pareto import depths, distances_to_ideal, hypervolume


def test_depths_peel_front_after_front():
    points = np.array([[3, 1], [1, 3], [2, 2], [2, 1], [1, 1], [3, 1], [0, 3]], dtype=float)
    # equal points do not dominate each other
    assert depths(points).tolist() == [0, 0, 0, 1, 2, 0, 1]
    assert depths(np.empty((0, 2))).tolist() == []


def test_the_front_is_optunas():
    points = np.random.default_rng(0).normal(size=(60, 2)).round(1)
    study = optuna.create_study(directions=["maximize", "maximize"])
    for point in points:
        study.add_trial(optuna.trial.create_trial(values=point.tolist()))
    expected = {trial.number for trial in study.best_trials}
    assert set(np.flatnonzero(depths(points) == 0)) == expected


def test_hypervolume_is_the_area_of_the_steps():
    points = np.array([[3.0, 1.0], [1.0, 3.0], [2.0, 2.0], [1.0, 1.0], [9.0, -1.0]])
    assert hypervolume(points, (0.0, 0.0)) == 3 + 2 + 1
    assert hypervolume(points, (1.0, 1.0)) == 1
    assert hypervolume(points, (5.0, 5.0)) == 0


def test_hypervolume_is_the_share_of_darts_that_hit():
    dice = np.random.default_rng(1)
    points, darts = dice.random((12, 2)), dice.random((200_000, 2))
    below = (darts[:, None, :] <= points[None]).all(axis=2).any(axis=1).mean()
    assert hypervolume(points, (0.0, 0.0)) == pytest.approx(below, abs=0.005)


def test_the_knee_is_nearest_to_the_ideal_in_units_of_the_front():
    points = np.array([[0.0, 100.0], [0.8, 80.0], [1.0, 0.0]])
    found = distances_to_ideal(points, [0, 1, 2])
    assert found.argmin() == 1
    assert found == pytest.approx([1.0, np.hypot(0.2, 0.2), 1.0])
    alike = np.array([[1.0, 5.0], [2.0, 5.0]])
    assert distances_to_ideal(alike, [1]).tolist() == [0.0, 0.0]
