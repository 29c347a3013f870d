"""Words: a claim needs every control, and says which one fails."""

import dataclasses

import pytest

from trainables.studies.nonrobust.verdict import (
    Evidence,
    Measured,
    Scores,
    judge,
    judge_robust,
    judge_set,
)

CONTROLS = {"labels only": Measured(0.33), "untrained 1": Measured(0.37)}


def scores(clean, attacked=0.02, corrupted=0.4):
    parts = (clean, attacked, corrupted)
    return Scores(*(Measured(value, value - 0.05, value + 0.05) for value in parts))


def evidence(**changes):
    values = {
        "label": "nonrobust random", "student": scores(0.54), "controls": CONTROLS,
        "linear": Measured(0.34), "chance": 1 / 3,
    }  # fmt: skip
    return Evidence(**{**values, **changes})


def test_a_claim_that_withstands_all_controls_is_shown():
    sentence = judge_set(evidence())
    assert "are shown: 0.540 [0.490, 0.590]" in sentence
    assert "all 2 controls" in sentence


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"student": scores(0.35)}, "not above chance"),
        ({"controls": CONTROLS | {"untrained 2": Measured(0.5)}}, "0.500 (untrained 2)"),
        ({"controls": {}}, "no control"),
        ({"linear": Measured(0.6)}, "reads 0.600"),
        ({"student": scores(0.54, attacked=0.45)}, "robust features"),
    ],
)
def test_whatever_speaks_against_a_claim_is_named(changes, reason):
    sentence = judge_set(evidence(**changes))
    assert "not shown" in sentence
    assert reason in sentence


def test_robust_training_is_judged_by_its_intervals():
    baseline = scores(0.93, 0.1, 0.70)
    sentence = judge_robust("trades", scores(0.91, 0.8, 0.78), baseline)
    assert "loses (intervals overlap) 0.020 on clean images" in sentence
    assert "gains 0.700 under attack" in sentence
    assert "loses nothing under attack" in judge_robust("trades", baseline, baseline)
    unknown = dataclasses.replace(baseline, corrupted=Measured(0.70))
    assert "gains 0.080 under corruptions" in judge_robust(
        "trades", scores(0.9, 0.8, 0.78), unknown
    )


def test_each_made_set_has_a_sentence_and_robust_training_the_last():
    trials = {
        "baseline": scores(0.9), "trades": scores(0.9, 0.8), "nonrobust random": scores(0.54),
        "labels only": scores(0.3),
    }  # fmt: skip
    linear = {"nonrobust random": Measured(0.3), "robust features": Measured(0.3)}
    lines = judge(
        trials, linear, 1 / 3, controls=["labels only"], baseline="baseline", robust="trades"
    )
    assert [line.split(":")[0] for line in lines] == [
        "nonrobust random",
        "trades against standard training",
    ]
    del trials["trades"]
    assert len(judge(trials, linear, 0.3, controls=[], baseline="baseline", robust="trades")) == 1
