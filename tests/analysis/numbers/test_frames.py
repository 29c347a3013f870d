"""What figures show, on runs small enough to know the answer."""

import math

import numpy as np
import pandas as pd
import pytest
from make_run import METRIC, REFERENCES, Made

from analysis.numbers.frames import (
    Group,
    best_so_far,
    hyperparameters,
    is_wide,
    level_of,
    robustness,
    standings,
)
from analysis.numbers.tables import answers
from search.engine.trial import State


def valued(name, value, label="", **options):
    return Made(name, label, metrics={METRIC: value}, **options)


PRUNED = {"state": State.PRUNED, "reports": 1, "reason": "not among the best"}


def test_standings_group_the_trials_by_how_far_they_came(made):
    run = made(
        valued("r01", 0.3, "baseline"),
        valued("t001", 0.9, violation=0.1),
        valued("t002", 0.8, **PRUNED),
        valued("t003", 0.4),
        Made("t004", state=State.FAILED, reports=0, reason="x"),
        valued("t005", 0.7, state=State.FAILED, reports=2, reason="x"),
    )
    found = standings(run)
    assert found["name"].tolist() == ["t003", "baseline", "t001", "t002"]
    wanted = [Group.RANKED, Group.RANKED, Group.BARRED, Group.STOPPED]
    assert found["group"].tolist() == wanted
    assert found["winner"].tolist() == [True, False, False, False]


def test_a_control_keeps_its_rank_and_does_not_win(made):
    run = made(valued("r01", 0.9, "adversarial", control=True), valued("t001", 0.4))
    found = standings(run)
    assert found["name"].tolist() == ["adversarial", "t001"]
    assert found["winner"].tolist() == [False, True]
    assert found["can_win"].tolist() == [False, True]
    assert found["group"].tolist() == [Group.RANKED, Group.RANKED]


def test_best_so_far_counts_only_what_could_win(made):
    run = made(
        valued("r01", 0.99, "baseline"),
        valued("t001", 0.9, violation=0.1),
        valued("t002", 0.3),
        Made("t003", state=State.FAILED, reports=0, reason="x"),
        valued("t004", 0.8, **PRUNED),
        valued("t005", 0.5),
        valued("t006", 0.4),
    )
    found = best_so_far(run)
    assert found["number"].tolist() == [1, 2, 3, 4, 5, 6]
    assert found["trial"].tolist() == ["t001", "t002", "t003", "t004", "t005", "t006"]
    np.testing.assert_array_equal(found["best"], [math.nan, 0.3, 0.3, 0.3, 0.5, 0.5])
    np.testing.assert_array_equal(found["value"], [0.9, 0.3, math.nan, 0.8, 0.5, 0.4])


def test_best_so_far_of_a_loss_goes_down(made):
    trials = [valued(f"t00{i}", value) for i, value in enumerate((0.5, 0.2, 0.4), start=1)]
    assert best_so_far(made(*trials, direction="min"))["best"].tolist() == [0.5, 0.2, 0.2]


def test_best_so_far_without_sampled_trials_is_empty(made):
    assert best_so_far(made(REFERENCES[0])).empty


def test_robustness_starts_at_the_clean_score_and_follows_the_metrics(made):
    metrics = {METRIC: 0.5, "ranking_clean_bacc": 0.9, "ranking_pgd_bacc_eps0.5": 0.7}
    metrics |= {"ranking_pgd_bacc_eps8": 0.1, "ranking_fgsm_bacc_eps8": 0.2}
    metrics |= {"ranking_pgd_acc_eps8": 0.99, "val_pgd_bacc_eps8": 0.99}
    found = robustness(made(Made("r01", "baseline", metrics=metrics)))
    rows = found[["attack", "eps", "value"]].to_numpy().tolist()
    assert rows == [
        ["fgsm", 0.0, 0.9],
        ["fgsm", 8.0, 0.2],
        ["pgd", 0.0, 0.9],
        ["pgd", 0.5, 0.7],
        ["pgd", 8.0, 0.1],
    ]


def test_robustness_is_of_winner_and_completed_references(many, made):
    references = {f"r0{i}" for i in range(1, 9)}
    assert set(robustness(many)["trial"]) == references | {many.winner}
    run = made(REFERENCES[0], Made("r02", "noise", **PRUNED), Made("t001", skill=0.1, reach=0.1))
    assert set(robustness(run)["trial"]) == {"r01"}


def test_intervals_are_of_the_attack_that_ranks_and_hold_its_value(many):
    found = robustness(many)
    fgsm, pgd = (found[found["attack"] == attack] for attack in ("fgsm", "pgd"))
    assert fgsm[["low", "high"]].isna().all(axis=None)
    assert ((pgd["low"] < pgd["value"]) & (pgd["value"] < pgd["high"])).all()


def test_an_interval_is_the_bootstrap_within_classes(made):
    run = made(REFERENCES[0], images=300)
    known = answers(run, "r01")
    row = robustness(run).query("attack == 'pgd' and eps == 1").iloc[0]
    recalls = [known.scores[1, known.labels == label].mean() for label in range(3)]
    variance = sum(r * (1 - r) / 100 for r in recalls) / 9  # of a mean of three recalls
    assert row["value"] == pytest.approx(np.mean(recalls))
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * math.sqrt(variance), rel=0.1)


def test_hyperparameters_are_those_that_differ_between_sampled_trials(made):
    run = made(
        REFERENCES[0],
        valued("t001", 0.1, config={"regime": "tsynd", "lr": 0.1, "measure": "mi"}),
        valued("t002", 0.2, config={"regime": "tsynd", "lr": 0.2, "measure": "mi"}, **PRUNED),
        valued("t003", 0.3, config={"regime": "tsynd", "lr": 0.2, "measure": "entropy"}),
    )
    found = hyperparameters(run)
    assert set(found["name"]) == {"lr", "measure"}
    lr = found[found["name"] == "lr"].set_index("trial")
    assert lr["setting"].to_dict() == {"t003": 0.2, "t001": 0.1, "t002": 0.2}
    assert lr["value"].to_dict() == {"t003": 0.3, "t001": 0.1, "t002": 0.2}
    assert lr["epoch"].to_dict() == {"t003": 27, "t001": 27, "t002": 1}


def test_a_hyperparameter_that_exists_for_some_only(made):
    configs = [{}, {"extra": 1.0}, {"extra": 2.0}]
    trials = [valued(f"t00{i}", 0.1, config=config) for i, config in enumerate(configs)]
    found = hyperparameters(made(*trials))
    assert found[["trial", "setting"]].to_numpy().tolist() == [["t001", 1.0], ["t002", 2.0]]


def test_one_trial_has_nothing_to_compare(made):
    assert hyperparameters(made(valued("t001", 0.1))).empty


@pytest.mark.parametrize(
    ("name", "chance"), [(METRIC, 1 / 3), ("ranking_pgd_acc_curve", math.nan), ("loss", math.nan)]
)
def test_chance_is_known_of_the_balanced_score(many, name, chance):
    assert level_of(many, name) == pytest.approx(chance, nan_ok=True)


@pytest.mark.parametrize(
    ("values", "wide"),
    [([0.1, 1.0], True), ([1, 9.9], False), ([0, 1, 100], False), ([5], False), ([-1, 10], False)],
)
def test_wide_means_tenfold_and_positive(values, wide):
    assert is_wide(pd.Series(values)) is wide
