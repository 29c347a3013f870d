"""Tables of a run."""

import math

import make_robmednas
import numpy as np
import pytest
from make_run import METRIC, OLDER_METRIC, REFERENCES, Blueprint

from analysis.numbers.frames import level_of
from analysis.numbers.tables import answers, configs, leaderboard, metric, yardstick
from search.engine.trial import State


def test_the_leaderboard_reads_as_the_records_say(whole_run):
    board = leaderboard(whole_run)
    columns = "rank trial value low high clean noise fgsm epochs state note"
    assert board.columns.tolist() == columns.split()
    assert board["note"].iloc[0] == "winner"
    assert board["trial"].iloc[0] == whole_run.winner
    adversarial = board[board["trial"] == "r04 adversarial (scaled)"].iloc[0]
    trial = whole_run.trials.set_index("trial").loc["r04"]
    assert adversarial["clean"] == trial["metric.ranking_clean_bacc"]
    assert adversarial["noise"] == trial["metric.ranking_noise_bacc_skill"]
    assert adversarial["fgsm"] == trial["metric.ranking_fgsm_bacc_skill"]
    assert adversarial["low"] < adversarial["value"] < adversarial["high"]
    assert adversarial["epochs"] == 27
    assert adversarial["note"] == "control: cannot win"


def test_an_older_run_shows_the_areas_that_it_measured(build):
    """Before there were skills, columns were areas, and noise had one level."""
    older = {OLDER_METRIC: 0.5, "ranking_fgsm_bacc_curve": 0.6, "ranking_noise_bacc": 0.7}
    board = leaderboard(build(Blueprint("t001", metrics=older), metric=OLDER_METRIC))
    assert board[["value", "fgsm", "noise"]].to_numpy().tolist() == [[0.5, 0.6, 0.7]]


def test_columns_are_means_over_the_trainings_that_the_value_counts(build):
    """The first training of a winner was chosen for its luck: no column shows it."""
    first = Blueprint("t001", metrics={METRIC: 0.9, "ranking_clean_bacc": 0.95})
    again = [
        Blueprint(
            f"t001.{seed + 1}",
            metrics={METRIC: value, "ranking_clean_bacc": value + 0.1},
            repeats="t001",
            seed=seed,
            by_value=True,
        )
        for seed, value in ((1, 0.5), (2, 0.7))
    ]
    board = leaderboard(build(first, *again))
    assert board["value"].tolist() == [pytest.approx(0.6)]
    assert board["clean"].tolist() == [pytest.approx(0.7)]


def test_what_was_not_measured_is_nan(build):
    board = leaderboard(build(Blueprint("t001", metrics={METRIC: 0.5})))
    assert board["value"].tolist() == [0.5]
    assert board[["low", "high", "clean", "noise", "fgsm"]].isna().all(axis=None)


def test_configs_are_one_row_a_trial(whole_run):
    frame = configs(whole_run)
    assert frame["trial"].tolist() == whole_run.trials["trial"].tolist()
    assert frame.set_index("trial").loc["r01", "regime"] == "baseline"


def test_a_metric_that_nobody_reported_is_nan(whole_run):
    assert metric(whole_run, "nonsense").isna().all()


def test_chance_is_one_in_the_number_of_classes(whole_run):
    assert yardstick(whole_run) == ("bacc", pytest.approx(1 / 3))


def test_multi_label_data_are_judged_by_auc(build):
    run = build(REFERENCES[0])
    file = run.folder / "trials" / "r01" / "ranking.npz"
    np.savez(file, scores=np.ones((2, 5, 3), bool), labels=np.ones((5, 3), int), eps=[0.0, 0.1])
    assert yardstick(run) == ("auc", 0.5)


def test_without_answers_chance_is_unknown(build):
    score, chance = yardstick(build(REFERENCES[0], keep_answers=False))
    assert score == "bacc"
    assert math.isnan(chance)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short"])
def test_answers_cut_short_are_none(build, content):
    run = build(Blueprint("t001", state=State.RUNNING, reports=1), status="running")
    (run.folder / "trials" / "t001" / "ranking.npz").write_bytes(content)
    assert answers(run, "t001") is None


def test_the_level_that_a_run_measured_comes_first(build):
    run = build(REFERENCES[0])
    run.manifest["details"] = {"trivial_bacc": 0.4}
    assert yardstick(run) == ("bacc", 0.4)


def test_numbers_have_no_chance(build):
    run = build(REFERENCES[0])
    file = run.folder / "trials" / "r01" / "ranking.npz"
    np.savez(file, scores=np.ones((2, 4)), labels=np.array([0, 0, 1, 1]), eps=[0.0, 0.1])
    assert math.isnan(yardstick(run).level)


def test_the_yardstick_is_the_error_and_what_no_network_reaches(heads):
    yard = yardstick(heads)
    assert yard.score == "mae_head"
    assert yard.level == make_robmednas.TRIVIAL
    assert level_of(heads, make_robmednas.METRIC) == make_robmednas.TRIVIAL


def test_the_leaderboard_shows_size_beside_error(heads):
    assert {"clean", "fgsm", "parameters", "multiply_adds"} <= set(leaderboard(heads).columns)
