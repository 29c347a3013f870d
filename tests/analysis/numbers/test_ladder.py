"""What the ladder did, on runs small enough to count by hand."""

import math

import pytest
from make_run import METRIC, REFERENCES, Blueprint
from scipy.stats import kendalltau

from analysis.numbers.ladder import (
    attack_agreement,
    rung_agreement,
    rung_ranks,
    rungs,
    survival,
)
from search.engine.trial import State

STOPPED = {"state": State.PRUNED, "reason": "not among the best"}


def test_rungs_are_written_as_a_ladder_writes_them(build):
    run = build(Blueprint("t001"))
    assert rungs(run) == ["1", "3", "9", "27"]
    level = {"attack": "pgd", "steps": 20, "restarts": 2, "eps": [0.0, 0.1], "images": 128}
    rung = {"epochs": 60, "metric": METRIC, "level": level | {"audit": True}}
    run.manifest["rungs"] = [rung]
    assert rungs(run) == ["60:pgd-20x2@128!"]


def test_every_sampled_trial_ends_at_one_rung(build):
    run = build(
        REFERENCES[0],
        Blueprint("t001"),
        Blueprint("t002", reports=1, **STOPPED),
        Blueprint("t003", reports=1, **STOPPED),
        Blueprint("t004", reports=2, **STOPPED),
        Blueprint("t005", state=State.FAILED, reports=0, reason="x"),
        Blueprint("t006", state=State.INTERRUPTED, reports=3),
        Blueprint("t007", state=State.RUNNING, reports=0),
    )
    frame = survival(run).set_index("rung")
    assert frame["reached"].tolist() == [7, 5, 3, 2, 1]
    assert frame["went_on"].tolist() == [5, 3, 2, 1, 1]
    assert frame["stopped"].tolist() == [0, 2, 1, 0, 0]
    assert frame["failed"].tolist() == [1, 0, 0, 0, 0]
    assert frame["open"].tolist() == [1, 0, 0, 1, 0]


def test_agreement_is_kendalls_tau_of_neighbouring_rungs(whole_run):
    frame = rung_agreement(whole_run)
    reports = whole_run.reports.pivot_table(index="trial", columns="epoch", values="value")
    for row, (lower, upper) in zip(frame.itertuples(), ((1, 3), (3, 9), (9, 27)), strict=True):
        values = reports[[lower, upper]].dropna()
        values = values[values.index.str.startswith("t")]  # sampled
        assert row.trials == len(values)
        assert row.tau == pytest.approx(kendalltau(values[lower], values[upper]).statistic)
        assert row.low < row.tau < row.high


def test_places_count_from_the_best_in_either_direction(build):
    trials = [
        Blueprint(f"t00{i}", metrics={METRIC: value}) for i, value in enumerate((0.2, 0.5, 0.3))
    ]
    frame = rung_ranks(build(*trials))
    assert frame.loc[frame["rung"] == 1, "upper"].tolist() == [3, 1, 2]


def test_places_of_errors_count_from_the_least(build):
    trials = [
        Blueprint(f"t00{i}", metrics={METRIC: value}) for i, value in enumerate((0.2, 0.5, 0.2))
    ]
    frame = rung_ranks(build(*trials, direction="min"))
    assert frame.loc[frame["rung"] == 1, "lower"].tolist() == [1.5, 3, 1.5]


def test_other_attacks_are_compared_at_the_last_rung(build):
    values = [(0.1, 0.9), (0.2, 0.7), (0.3, 0.8), (0.4, 0.5), (0.5, 0.6)]
    trials = [
        Blueprint(
            f"t00{i}", metrics={METRIC: pgd, "ranking_fgsm_bacc_skill": fgsm, "val_loss": 1.0}
        )
        for i, (pgd, fgsm) in enumerate(values)
    ]
    frame = attack_agreement(build(*trials, Blueprint("t009", metrics={METRIC: 0.9}, **STOPPED)))
    assert frame["metric"].tolist() == ["ranking_fgsm_bacc_skill"]
    assert frame["trials"].tolist() == [5]
    assert frame["tau"].item() == pytest.approx(-0.6)  # 2 of 10 pairs agree, 8 do not


def test_nothing_is_known_of_a_run_without_values(build):
    run = build(Blueprint("t001", state=State.FAILED, reports=0, reason="x"))
    assert rung_agreement(run)["tau"].map(math.isnan).all()
    assert rung_ranks(run).empty
    assert attack_agreement(run).empty
