"""What figures show, on runs small enough to know the answer."""

import math
from dataclasses import replace

import make_robmednas
import numpy as np
import pandas as pd
import pytest
from make_run import METRIC, OLDER_METRIC, REFERENCES, Blueprint, further_seeds, make_run
from matplotlib.text import Text

from analysis.figures.catalogue import figure
from analysis.load import load
from analysis.numbers import frames as numbers
from analysis.numbers.frames import (
    Group,
    best_so_far,
    hyperparameters,
    is_wide,
    level_of,
    robustness,
    standings,
)
from analysis.numbers.tables import answers, leaderboard, yardstick
from search.engine.trial import State


def valued(name, value, label="", **options):
    return Blueprint(name, label, metrics={METRIC: value}, **options)


PRUNED = {"state": State.PRUNED, "reports": 1, "reason": "not among the best"}


def test_standings_group_the_trials_by_how_far_they_came(build):
    run = build(
        valued("r01", 0.3, "baseline"),
        valued("t001", 0.9, violation=0.1),
        valued("t002", 0.8, **PRUNED),
        valued("t003", 0.4),
        Blueprint("t004", state=State.FAILED, reports=0, reason="x"),
        valued("t005", 0.7, state=State.FAILED, reports=2, reason="x"),
    )
    frame = standings(run)
    assert frame["name"].tolist() == ["t003", "baseline", "t001", "t002"]
    groups = [Group.RANKED, Group.RANKED, Group.BARRED, Group.STOPPED]
    assert frame["group"].tolist() == groups
    assert frame["winner"].tolist() == [True, False, False, False]


def test_a_control_keeps_its_rank_and_does_not_win(build):
    run = build(valued("r01", 0.9, "adversarial", control=True), valued("t001", 0.4))
    frame = standings(run)
    assert frame["name"].tolist() == ["adversarial", "t001"]
    assert frame["winner"].tolist() == [False, True]
    assert frame["can_win"].tolist() == [False, True]
    assert frame["group"].tolist() == [Group.RANKED, Group.RANKED]


def test_best_so_far_counts_only_what_could_win(build):
    run = build(
        valued("r01", 0.99, "baseline"),
        valued("t001", 0.9, violation=0.1),
        valued("t002", 0.3),
        Blueprint("t003", state=State.FAILED, reports=0, reason="x"),
        valued("t004", 0.8, **PRUNED),
        valued("t005", 0.5),
        valued("t006", 0.4),
    )
    frame = best_so_far(run)
    assert frame["number"].tolist() == [1, 2, 3, 4, 5, 6]
    assert frame["trial"].tolist() == ["t001", "t002", "t003", "t004", "t005", "t006"]
    np.testing.assert_array_equal(frame["best"], [math.nan, 0.3, 0.3, 0.3, 0.5, 0.5])
    np.testing.assert_array_equal(frame["value"], [0.9, 0.3, math.nan, 0.8, 0.5, 0.4])


def test_best_so_far_of_a_loss_goes_down(build):
    trials = [valued(f"t00{i}", value) for i, value in enumerate((0.5, 0.2, 0.4), start=1)]
    assert best_so_far(build(*trials, direction="min"))["best"].tolist() == [0.5, 0.2, 0.2]


def test_best_so_far_without_sampled_trials_is_empty(build):
    assert best_so_far(build(REFERENCES[0])).empty


def test_robustness_starts_at_the_clean_score_and_follows_the_metrics(build):
    metrics = {METRIC: 0.5, "ranking_clean_bacc": 0.9, "ranking_pgd_bacc_eps0.5": 0.7}
    metrics |= {"ranking_pgd_bacc_eps8": 0.1, "ranking_fgsm_bacc_eps8": 0.2}
    metrics |= {"ranking_pgd_acc_eps8": 0.99, "val_pgd_bacc_eps8": 0.99}
    frame = robustness(build(Blueprint("r01", "baseline", metrics=metrics)))
    rows = frame[["attack", "eps", "value"]].to_numpy().tolist()
    assert rows == [
        ["fgsm", 0.0, 0.9],
        ["fgsm", 8.0, 0.2],
        ["pgd", 0.0, 0.9],
        ["pgd", 0.5, 0.7],
        ["pgd", 8.0, 0.1],
    ]


def test_robustness_is_that_of_the_trainings_that_the_value_counts(build):
    best = Blueprint("t001", skill=0.6, reach=4.0)
    run = build(best, *further_seeds(replace(best, skill=0.3), by_value=True))
    frame = robustness(run).set_index(["attack", "eps"])
    reports = {trial.id: trial.reports[-1] for trial in run.record}
    for name, eps in (("ranking_clean_bacc", 0.0), ("ranking_pgd_bacc_eps8", 8.0)):
        point = frame.loc[("pgd", eps)]
        counted = [reports[trial].metrics[name] for trial in ("t001.2", "t001.3")]
        assert point["value"] == pytest.approx(sum(counted) / 2)
        assert point["low"] <= point["value"] <= point["high"]


def test_robustness_is_of_winner_and_completed_references(whole_run, build):
    references = {f"r0{i}" for i in range(1, 9)}
    assert set(robustness(whole_run)["trial"]) == references | {whole_run.winner}
    run = build(
        REFERENCES[0], Blueprint("r02", "noise", **PRUNED), Blueprint("t001", skill=0.1, reach=0.1)
    )
    assert set(robustness(run)["trial"]) == {"r01"}


def test_intervals_are_of_the_attack_that_ranks_and_hold_its_value(whole_run):
    frame = robustness(whole_run)
    fgsm, pgd = (frame[frame["attack"] == attack] for attack in ("fgsm", "pgd"))
    assert fgsm[["low", "high"]].isna().all(axis=None)
    assert ((pgd["low"] < pgd["value"]) & (pgd["value"] < pgd["high"])).all()


def test_an_interval_is_the_bootstrap_within_classes(build):
    run = build(REFERENCES[0], images=300)
    ranking = answers(run, "r01")
    row = robustness(run).query("attack == 'pgd' and eps == 1").iloc[0]
    recalls = [ranking.scores[1, ranking.labels == label].mean() for label in range(3)]
    variance = sum(r * (1 - r) / 100 for r in recalls) / 9  # of a mean of three recalls
    assert row["value"] == pytest.approx(np.mean(recalls))
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * math.sqrt(variance), rel=0.1)


def test_hyperparameters_are_those_that_differ_between_sampled_trials(build):
    run = build(
        REFERENCES[0],
        valued("t001", 0.1, config={"regime": "tsynd", "lr": 0.1, "measure": "mi"}),
        valued("t002", 0.2, config={"regime": "tsynd", "lr": 0.2, "measure": "mi"}, **PRUNED),
        valued("t003", 0.3, config={"regime": "tsynd", "lr": 0.2, "measure": "entropy"}),
    )
    frame = hyperparameters(run)
    assert set(frame["name"]) == {"lr", "measure"}
    lr = frame[frame["name"] == "lr"].set_index("trial")
    assert lr["setting"].to_dict() == {"t003": 0.2, "t001": 0.1, "t002": 0.2}
    assert lr["value"].to_dict() == {"t003": 0.3, "t001": 0.1, "t002": 0.2}
    assert lr["epoch"].to_dict() == {"t003": 27, "t001": 27, "t002": 1}


def test_a_hyperparameter_that_exists_for_some_only(build):
    configs = [{}, {"extra": 1.0}, {"extra": 2.0}]
    trials = [valued(f"t00{i}", 0.1, config=config) for i, config in enumerate(configs)]
    frame = hyperparameters(build(*trials))
    assert frame[["trial", "setting"]].to_numpy().tolist() == [["t001", 1.0], ["t002", 2.0]]


def test_one_trial_has_nothing_to_compare(build):
    assert hyperparameters(build(valued("t001", 0.1))).empty


@pytest.mark.parametrize(
    ("name", "chance"),
    [
        (METRIC, 0.0),
        (OLDER_METRIC, 1 / 3),
        ("ranking_pgd_acc_curve", math.nan),
        ("loss", math.nan),
    ],
)
def test_chance_is_known_of_the_balanced_score(whole_run, name, chance):
    assert level_of(whole_run, name) == pytest.approx(chance, nan_ok=True)


@pytest.mark.parametrize(
    ("values", "wide"),
    [([0.1, 1.0], True), ([1, 9.9], False), ([0, 1, 100], False), ([5], False), ([-1, 10], False)],
)
def test_wide_means_tenfold_and_positive(values, wide):
    assert is_wide(pd.Series(values)) is wide


def test_less_is_better(heads):
    frame = standings(heads)
    able = frame[frame["can_win"]]
    assert able["value"].is_monotonic_increasing
    best = best_so_far(heads)["best"].dropna()
    assert best.is_monotonic_decreasing


def test_robustness_follows_errors_along_epsilon_in_standard_deviations(heads):
    frame = robustness(heads)
    assert sorted(frame["eps"].unique()) == list(make_robmednas.EPS)
    under = frame[(frame["attack"] == "pgd") & (frame["trial"] == heads.winner)]
    assert under["value"].is_monotonic_increasing
    assert (under["low"] < under["value"]).all()
    assert (under["value"] < under["high"]).all()


def test_a_diverged_trial_does_not_press_all_others_into_a_line(tmp_path):
    trials = make_robmednas.whole_search()
    trials[5].skill = -3.0
    run = load(make_run(tmp_path / "run", trials, task=make_robmednas.ROBMEDNAS, images=8))
    values = numbers.standings(run)["value"]
    bound = numbers.fence(run, values)
    low, high = values.quantile([0.25, 0.75])
    assert bound == max(high + 3 * (high - low), 1.5 * high)
    assert (values > bound).sum() == 1
    for name in ("best_so_far", "hyperparameters"):
        canvas = figure(run, name)
        ax = canvas.axes[0]
        below, top = ax.get_ylim()
        assert top == pytest.approx(numbers.fence(run, shown_by(name, run)))
        assert below < shown_by(name, run).min()
        heads = [dots for dots in ax.collections if dots.get_clip_on() is False]
        assert [dots.get_offsets()[0][1] for dots in heads] == [pytest.approx(top)]
        texts = [text.get_text() for text in canvas.findobj(Text)]
        assert any("▲: beyond the axis" in text for text in texts)


def shown_by(name, run):
    frame = numbers.best_so_far if name == "best_so_far" else numbers.hyperparameters
    return frame(run)["value"]


@pytest.mark.parametrize(
    ("values", "bound"),
    [
        ([100.0, 110.0, 120.0, 130.0, 640.0], 195.0),
        ([100.0, 100.0, 100.0, 100.0, 149.0], math.inf),
        ([100.0, 100.0, 100.0, 100.0, 151.0], 150.0),
        ([100.0, 640.0], math.inf),
        ([math.nan], math.inf),
    ],
)
def test_the_fence_is_tukeys_and_half_above_the_third_quartile(heads, values, bound):
    assert numbers.fence(heads, pd.Series(values)) == bound


def test_a_score_that_rises_has_no_fence(tmp_path):
    options = {"metric": "ranking_pgd_dice_bone_curve", "direction": "max"}
    folder = make_run(
        tmp_path / "run",
        make_robmednas.whole_search(6),
        task=make_robmednas.ROBMEDNAS,
        images=8,
        **options,
    )
    rising = load(folder)
    assert yardstick(rising).score == "dice_bone"
    assert math.isnan(yardstick(rising).level)
    assert numbers.fence(rising, pd.Series([0.1, 0.1, 0.1, 0.1, 0.9])) == math.inf
    # Kept scores are head errors: no band for Dice.
    assert numbers.robustness(rising)[["low", "high"]].isna().all(axis=None)
    board = leaderboard(rising)
    assert board["clean"].dropna().between(0, 1).all()
