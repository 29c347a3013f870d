"""Words: a claim needs every control, and says which one fails."""

import dataclasses
import math

import pytest
from scipy import stats

from trainables.metrics.welch import LEVEL, Component
from trainables.studies.nonrobust.verdict import (
    Evidence,
    Measured,
    Scores,
    count_verdicts,
    judge,
    judge_robust,
    judge_set,
)


def measured(value, error=0.02, seeds=3):
    """A score of trainings, whose mean has an error over seeds, and half of it over images."""
    half = 2 * error
    if seeds == 1:
        return Measured(value, value - half, value + half)
    parts = Component(error**2, seeds - 1), Component((error / 2) ** 2, math.inf)
    return Measured(value, value - half, value + half, *parts)


CONTROLS = {"labels only": measured(0.33), "untrained 1": measured(0.37)}


def scores(clean, attacked=0.02, corrupted=0.4, **measure):
    return Scores(*(measured(value, **measure) for value in (clean, attacked, corrupted)))


def evidence(**changes):
    values = {
        "label": "nonrobust random", "student": scores(0.54), "controls": CONTROLS,
        "linear": measured(0.34), "chance": 1 / 3,
    }  # fmt: skip
    return Evidence(**{**values, **changes})


def test_a_claim_that_withstands_all_controls_is_shown():
    sentence = judge_set(evidence(), LEVEL)
    assert "are shown: 0.540 [0.500, 0.580]" in sentence
    assert "all 2 controls" in sentence


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"student": scores(0.35)}, "not clearly above chance"),
        ({"controls": CONTROLS | {"untrained 2": measured(0.5)}}, "0.500 (untrained 2)"),
        ({"controls": CONTROLS | {"untrained 2": measured(0.3, 0.1)}}, "0.300 (untrained 2)"),
        ({"controls": CONTROLS | {"untrained 2": measured(0.1, seeds=1)}}, "0.100 (untrained 2)"),
        ({"controls": {}}, "no control"),
        ({"linear": measured(0.6)}, "reads 0.600"),
        ({"student": scores(0.54, attacked=0.45)}, "robust features"),
    ],
)
def test_whatever_speaks_against_a_claim_is_named(changes, reason):
    sentence = judge_set(evidence(**changes), LEVEL)
    assert "not shown" in sentence
    assert reason in sentence


def test_one_seed_shows_nothing():
    sentence = judge_set(evidence(student=scores(0.9, seeds=1)), LEVEL)
    assert "not shown: with 0.900 [0.860, 0.940] on clean images, one seed says nothing" in sentence


def test_a_claim_needs_more_where_more_is_judged():
    assert "are shown" in judge_set(evidence(), LEVEL)
    assert "not shown" in judge_set(evidence(), 0.999)


def test_robust_training_is_judged_by_the_intervals_of_differences():
    baseline = scores(0.93, 0.1, 0.70)
    robust = scores(0.91, 0.8, 0.5)
    sentence = judge_robust("trades", robust, baseline, LEVEL)
    half = math.hypot(0.02 * math.sqrt(2) * stats.t.ppf(0.975, 4), 1.96 * 0.01 * math.sqrt(2))
    interval = f"[{-0.02 - half:+.3f}, {-0.02 + half:+.3f}]"
    assert f"-0.020 {interval} on clean images (not told apart)" in sentence
    assert "under attack (better)" in sentence
    assert "under corruptions (worse)" in sentence
    unknown = dataclasses.replace(baseline, corrupted=measured(0.70, seeds=1))
    sentence = judge_robust("trades", robust, unknown, LEVEL)
    assert "-0.200 under corruptions (one seed says nothing)" in sentence
    unknown = dataclasses.replace(baseline, corrupted=Measured(math.nan))
    assert "under corruptions (not measured)" in judge_robust("trades", robust, unknown, LEVEL)


def test_verdicts_of_several_seeds_count():
    trials = {"baseline": scores(0.9), "trades": scores(0.9), "a": scores(0.5)}
    names = {"baseline": "baseline", "robust": "trades"}
    sets = {"a": measured(0.3), "b": measured(0.3)}  # of b no network trained
    assert count_verdicts(trials, sets, **names) == 4
    trials["a"] = scores(0.5, seeds=1)
    assert count_verdicts(trials, sets, **names) == 3
    trials["trades"] = scores(0.5, seeds=1)
    assert count_verdicts(trials, sets, **names) == 0


def test_each_made_set_has_a_sentence_and_robust_training_the_last():
    trials = {
        "baseline": scores(0.9), "trades": scores(0.9, 0.8), "nonrobust random": scores(0.54),
        "labels only": scores(0.3),
    }  # fmt: skip
    linear = {"nonrobust random": Measured(0.3), "robust features": Measured(0.3)}
    names = {"baseline": "baseline", "robust": "trades", "verdicts": 4}
    lines = judge(trials, linear, 1 / 3, controls=["labels only"], **names)
    assert [line.split(":")[0] for line in lines] == [
        "nonrobust random",
        "trades against standard training",
    ]
    del trials["trades"]
    assert len(judge(trials, linear, 0.3, controls=[], **names)) == 1
