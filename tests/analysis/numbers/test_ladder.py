"""What the ladder did, on runs small enough to count by hand."""

import math

import pytest
from make_run import METRIC, REFERENCES, Made
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


def test_rungs_are_written_as_a_ladder_writes_them(made):
    run = made(Made("t001"))
    assert rungs(run) == ["1", "3", "9", "27"]
    level = {"attack": "pgd", "steps": 20, "restarts": 2, "eps": [0.0, 0.1], "images": 128}
    rung = {"epochs": 60, "metric": METRIC, "level": level | {"audit": True}}
    run.manifest["rungs"] = [rung]
    assert rungs(run) == ["60:pgd-20x2@128!"]


def test_every_sampled_trial_ends_at_one_rung(made):
    run = made(
        REFERENCES[0],
        Made("t001"),
        Made("t002", reports=1, **STOPPED),
        Made("t003", reports=1, **STOPPED),
        Made("t004", reports=2, **STOPPED),
        Made("t005", state=State.FAILED, reports=0, reason="x"),
        Made("t006", state=State.INTERRUPTED, reports=3),
        Made("t007", state=State.RUNNING, reports=0),
    )
    found = survival(run).set_index("rung")
    assert found["reached"].tolist() == [7, 5, 3, 2, 1]
    assert found["went_on"].tolist() == [5, 3, 2, 1, 1]
    assert found["stopped"].tolist() == [0, 2, 1, 0, 0]
    assert found["failed"].tolist() == [1, 0, 0, 0, 0]
    assert found["open"].tolist() == [1, 0, 0, 1, 0]


def test_agreement_is_kendalls_tau_of_neighbouring_rungs(many):
    found = rung_agreement(many)
    reports = many.reports.pivot_table(index="trial", columns="epoch", values="value")
    for row, (lower, upper) in zip(found.itertuples(), ((1, 3), (3, 9), (9, 27)), strict=True):
        both = reports[[lower, upper]].dropna()
        assert row.trials == len(both)
        assert row.tau == pytest.approx(kendalltau(both[lower], both[upper]).statistic)
        assert row.low < row.tau < row.high


def test_places_count_from_the_best_in_either_direction(made):
    trials = [Made(f"t00{i}", metrics={METRIC: value}) for i, value in enumerate((0.2, 0.5, 0.3))]
    found = rung_ranks(made(*trials))
    assert found.loc[found["rung"] == 1, "upper"].tolist() == [3, 1, 2]


def test_places_of_errors_count_from_the_least(made):
    trials = [Made(f"t00{i}", metrics={METRIC: value}) for i, value in enumerate((0.2, 0.5, 0.2))]
    found = rung_ranks(made(*trials, direction="min"))
    assert found.loc[found["rung"] == 1, "lower"].tolist() == [1.5, 3, 1.5]


def test_other_attacks_are_compared_at_the_last_rung(made):
    values = [(0.1, 0.9), (0.2, 0.7), (0.3, 0.8), (0.4, 0.5), (0.5, 0.6)]
    trials = [
        Made(f"t00{i}", metrics={METRIC: pgd, "ranking_fgsm_bacc_curve": fgsm, "val_loss": 1.0})
        for i, (pgd, fgsm) in enumerate(values)
    ]
    found = attack_agreement(made(*trials, Made("t009", metrics={METRIC: 0.9}, **STOPPED)))
    assert found["metric"].tolist() == ["ranking_fgsm_bacc_curve"]
    assert found["trials"].tolist() == [5]
    assert found["tau"].item() == pytest.approx(-0.6)  # 2 of 10 pairs agree, 8 do not


def test_nothing_is_known_of_a_run_without_values(made):
    run = made(Made("t001", state=State.FAILED, reports=0, reason="x"))
    assert rung_agreement(run)["tau"].map(math.isnan).all()
    assert rung_ranks(run).empty
    assert attack_agreement(run).empty
