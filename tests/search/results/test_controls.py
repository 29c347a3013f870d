"""The gain over matched controls, and when a control explains it."""

import pytest

from search.engine.trial import State, Trial
from search.results.controls import (
    BARRED,
    NOT_OF_METHOD,
    UNMATCHED,
    UNSHOWN,
    claim_of,
    claim_sentence,
)
from search.results.differences import Gain
from search.results.ranking import Row

WINNER = Trial("t001", {}, controls={"matched baseline": "r01", "matched adversarial": "c01"})


def gain(name, value, bounds=None):
    return Gain(Trial(name, {}, state=State.COMPLETED), value, bounds, 0.99)


def rows(gains, *barred):
    return [Row(g.over, 0.5, None, "floor missed" * (g.over.id in barred)) for g in gains]


def sentence(*gains, barred=()):
    return claim_sentence(WINNER, claim_of(WINNER, rows(gains, *barred), gains))


def test_the_claim_is_over_the_best_matched_control_and_no_other():
    gains = [gain("r02", -0.3), gain("r01", 0.2, (0.1, 0.3)), gain("c01", 0.05, (0.01, 0.09))]
    claim = claim_of(WINNER, rows(gains), gains)
    assert claim.as_json() == {
        "over": "c01", "label": "matched adversarial", "value": 0.05, "low": 0.01, "high": 0.09,
        "level": 0.99, "explained_by": [],
    }  # fmt: skip
    assert claim_sentence(WINNER, claim) == ""


@pytest.mark.parametrize(
    ("value", "bounds", "says"),
    [
        (0.1, (0.01, 0.2), ""),
        (0.1, (0.0, 0.2), "no gain is shown beyond chance"),
        (-0.1, (-0.2, 0.1), "no gain is shown beyond chance"),
        (-0.1, (-0.2, -0.01), "does better"),
    ],
)
def test_a_control_explains_what_it_reaches_as_well(value, bounds, says):
    text = sentence(gain("r01", 0.5, (0.4, 0.6)), gain("c01", value, bounds))
    assert (says in text) if says else text == ""
    if says:
        assert text.removeprefix("over ").startswith("adversarial with the winner's values of tr")
        assert text.endswith(NOT_OF_METHOD if "better" in says else UNSHOWN)


@pytest.mark.parametrize("value", [0.1, 0.0, -0.1])
def test_without_an_interval_nothing_is_claimed(value):
    """As after --seed-check 0: no value is told apart, so no gain is, however great."""
    gains = [gain("r01", 0.5), gain("c01", value)]
    claim = claim_of(WINNER, rows(gains), gains)
    text = claim_sentence(WINNER, claim)
    assert text.startswith("how much of the gain over adversarial and baseline is chance is not ")
    assert "not shown to be the method's; --seed-check" in text
    assert claim.as_json()["explained_by"] is None


def test_what_is_known_of_some_controls_is_said():
    over_all = [gain("r01", 0.5, (0.4, 0.6)), gain("c01", 0.1)]
    assert sentence(*over_all).startswith("how much of the gain over adversarial is chance")
    equal = [gain("r01", 0.1, (-0.4, 0.6)), gain("c01", 0.1)]
    assert sentence(*equal).startswith("over baseline with the winner's values of training no")
    assert claim_of(WINNER, rows(equal), equal).as_json()["explained_by"] == ["matched baseline"]


def test_several_are_named():
    text = sentence(gain("r01", 0.0, (-0.1, 0.1)), gain("c01", -0.1, (-0.2, 0.1)))
    assert text.startswith("over adversarial and baseline with")
    assert " no gain is shown beyond chance" in text


def test_those_that_do_better_are_named_alone():
    text = sentence(gain("r01", 0.0, (-0.1, 0.1)), gain("c01", -0.1, (-0.2, -0.1)))
    assert text.startswith("adversarial with")
    assert " does better: the gain is not the method's" in text


def test_a_control_that_misses_its_constraints_explains_nothing():
    gains = gain("r01", 0.2, (0.1, 0.3)), gain("c01", -0.5, (-0.6, -0.4))
    assert sentence(*gains, barred=["c01"]) == ""
    assert sentence(*gains, barred=["c01", "r01"]) == BARRED


def test_without_controls_nothing_is_claimed():
    trial = Trial("t001", {})
    assert claim_of(trial, [], []) is None
    assert claim_sentence(trial, None) == UNMATCHED
