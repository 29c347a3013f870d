"""Sentences on a confirmation, and how a condition is named."""

import pytest
from make_confirmation import NEAR, VALUES, confirmed

from search.confirmation.record import Condition
from search.confirmation.words import heading, sentences
from trainables.classification.about import PIXELS
from trainables.synthesis.about import MR_DEVIATIONS


@pytest.mark.parametrize(
    ("kind", "strength", "threat", "text"),
    [
        ("clean", 0.0, PIXELS, "clean"),
        ("ensemble", 4 / 255, PIXELS, "4/255"),
        ("ensemble", 0.05, MR_DEVIATIONS, "0.05 SD"),
        ("noise", 0.2, PIXELS, "noise 0.2"),
        ("pixelate", 3.0, MR_DEVIATIONS, "pixelate 3"),
    ],
)
def test_a_radius_is_written_as_the_study_writes_it(kind, strength, threat, text):
    assert heading(Condition(kind=kind, strength=strength, score=0.5), threat) == text


def test_a_search_that_was_right():
    estimated = "0.010 estimated; ranking 0.400, test 0.380"
    assert sentences(confirmed()) == [
        "winner: best",
        "on test better than baseline: +0.180 [+0.080, +0.280] at 95 %, adjusted p = 0.01",
        "the search promised 0.500 for best; the ensemble left 0.400 on other seeds",
        "the search's winner is the confirmed one: no selection regret",
        f"optimism of having chosen on the ranking split: {estimated}",
    ]


def test_what_remains_without_near_copies_is_said():
    (line,) = set(sentences(confirmed(without_near=NEAR))) - set(sentences(confirmed()))
    assert line == (
        "without the 20 of 70 test images that have near copies among those that trained, chose "
        "or ranked: 0.300 [0.200, 0.400] for best"
    )


def test_a_search_that_misled():
    select = VALUES["selection"] | {"winner": "r02", "regret": 0.1, "best_place": 3, "tau": -0.5}
    lines = sentences(confirmed(selection=select))
    assert "selection regret 0.100: the confirmed winner was #3 in the search" in lines
    assert "search and ensemble rank the 2 finalists with Kendall's tau -0.50" in lines


@pytest.mark.parametrize(("square", "alarm"), [(30, False), (31, True)])
def test_attacks_without_gradients_that_win_more_than_half_raise_an_alarm(square, alarm):
    wins = {"ranking": {}, "test": {"apgd": 30, "square": square}}
    assert any(line.startswith("alarm: ") for line in sentences(confirmed(wins=wins))) == alarm


def test_what_cannot_be_told_apart_is_not_better():
    comparison = VALUES["comparisons"][0] | {"verdict": "not distinguishable"}
    lines = sentences(confirmed(comparisons=[comparison]))
    assert lines[1].startswith("on test not distinguishable from baseline: ")


def test_of_one_training_each_there_is_no_interval():
    gap = {"value": 0.18, "low": None, "high": None}
    comparison = VALUES["comparisons"][0] | {"difference": gap, "p": None, "p_adjusted": None}
    comparison |= {"verdict": "not distinguishable", "seeds": [1, 1]}
    assert sentences(confirmed(comparisons=[comparison]))[1] == (
        "on test not distinguishable from baseline: +0.180, and a single training says nothing of "
        "other seeds"
    )


def test_trainings_on_test_that_miss_a_constraint_are_said():
    lines = sentences(confirmed(missed={"clean_floor": 1}))
    assert lines[-1] == "1 of the winner's 2 trainings on test miss clean_floor"
