"""Sentences on a confirmation, and how a condition is named."""

import pytest
from make_confirmation import NEAR, VALUES, confirmed, estimate

from search.confirmation.record import Condition
from search.confirmation.words import heading, place_in_search, sentences
from trainables.classification.about import PIXELS
from trainables.metrics.alarms import exact_interval
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


def test_a_winner_under_few_guesses_is_doubted():
    """The report of a quick confirmation says so beside the winner, and that of no other."""
    plan = VALUES["plan"] | {"attacks": "quick"}
    assert sentences(confirmed(plan=plan))[1] == (
        "quick guesses too little to rule out a masked gradient: confirm with --attacks standard"
    )
    assert not any("guesses too little" in line for line in sentences(confirmed()))


def test_a_winner_that_one_training_named_is_doubted():
    """Beside a rival alone: of one finalist there is nothing to choose."""
    line = "a single training of each finalist named the winner: by another seed it may be another"
    plan, (first, second) = VALUES["plan"] | {"choosing": 1}, VALUES["finalists"]
    assert line in sentences(confirmed(plan=plan))
    assert line not in sentences(confirmed())
    alone = [first, second | {"candidate": False}]
    assert line not in sentences(confirmed(plan=plan, finalists=alone))


def test_what_remains_without_near_copies_is_said():
    (line,) = set(sentences(confirmed(without_near=NEAR))) - set(sentences(confirmed()))
    assert line == (
        "without the 20 of 70 test images that have near copies among those that trained, chose "
        "or ranked: 0.300 [0.200, 0.400] for best"
    )


def test_a_search_that_misled():
    select = VALUES["selection"] | {"winner": "r02", "best_place": 3}
    searched = VALUES["comparisons"][0] | {"id": "r02", "role": "arm", "level": 0.95}
    other = VALUES["comparisons"][0] | {"id": "r03", "difference": estimate(0.5)}
    changes = {"selection": select, "comparisons": [other, searched]}
    place = "on test and trainings that chose neither; the confirmed winner was #3 in the search"
    regret = f"selection regret +0.180 [+0.080, +0.280] at 95 %, {place}"
    assert regret in sentences(confirmed(**changes))
    # Of errors less is better: what the winner has less is what the search lost.
    fewer = confirmed(**changes, direction="min")
    assert f"selection regret -0.180 [-0.280, -0.080] at 95 %, {place}" in sentences(fewer)
    assert regret in sentences(confirmed(**changes, direction="min", summary="skill"))
    barred = select | {"barred": ["clean_floor"]}
    words = "the search's winner cannot win: half of its trainings or more missed clean_floor"
    assert f"{words}; the confirmed winner was #3 in the search" in sentences(
        confirmed(selection=barred)
    )


def test_regret_of_records_of_before_is_that_on_test_too():
    """Theirs was on the images and trainings that chose the winner."""
    select = VALUES["selection"] | {"winner": "r02", "regret": 0.1, "best_place": 3}
    lines = sentences(confirmed(selection=select))
    assert "the confirmed winner was #3 in the search" in lines
    searched = VALUES["comparisons"][0] | {"role": "searched"}
    lines = sentences(confirmed(selection=select, comparisons=[searched]))
    assert any(line.startswith("selection regret +0.180 [+0.080, +0.280] at") for line in lines)
    gap = {"value": 0.18, "low": None, "high": None}
    alone = searched | {"difference": gap, "p": None, "p_adjusted": None}
    lines = sentences(confirmed(selection=select, comparisons=[alone]))
    assert any(line.startswith("selection regret +0.180, with no interval: ") for line in lines)


def test_tau_is_said_with_its_interval_or_not_at_all():
    """Records of before have none: theirs is of references too."""
    select = VALUES["selection"] | {"tau": -0.5}
    assert not any("tau" in line for line in sentences(confirmed(selection=select)))
    select |= {"tau_low": -0.9, "tau_high": 0.2, "sampled": 6}
    assert (
        "search and ensemble rank the 6 sampled finalists with Kendall's tau -0.50 [-0.900, 0.200]"
    ) in sentences(confirmed(selection=select))


def test_a_run_that_was_ranked_by_another_metric_is_not_judged_by_this():
    select = VALUES["selection"] | {"ranked_by": "val_loss", "promised": None, "winner": "r02"}
    lines = sentences(confirmed(selection=select))
    assert (
        "the run was ranked by val_loss, the confirmation ranks by area under the ensemble: how "
        "far the search misled is not said"
    ) in lines
    assert not any(word in line for line in lines for word in ("promised", "regret", "tau"))


def test_a_place_in_the_search_has_a_value_where_it_is_of_the_same_metric():
    assert place_in_search(0.5, 3) == "0.500 (#3)"
    assert place_in_search(float("nan"), 3) == "#3"


def test_a_winner_that_only_guessing_breaks_raises_an_alarm_from_one_percent_on():
    """The exact interval decides: 5 images of 156 are more than 1 %, 4 may be chance."""
    for count, alarm in ((0, False), (4, False), (5, True)):
        low, high = exact_interval(count, 156)
        lines = sentences(confirmed(guessed={"value": count / 156, "low": low, "high": high}))
        alarms = [line for line in lines if line.startswith("alarm: ")]
        assert bool(alarms) == alarm
    assert "succeed on 3.2 % [1.0, 7.3] of the test images" in alarms[0]


def test_what_the_other_finalists_fell_to_says_nothing_of_the_winner():
    wins = {"ranking": {}, "test": {"apgd": 3, "square": 300}}
    assert not any(line.startswith("alarm: ") for line in sentences(confirmed(wins=wins)))


def test_what_cannot_be_told_apart_is_not_better():
    comparison = VALUES["comparisons"][0] | {"verdict": "not distinguishable"}
    lines = sentences(confirmed(comparisons=[comparison]))
    assert lines[1].startswith("on test not distinguishable from baseline: ")


def test_comparisons_after_a_second_opening_say_what_they_pay():
    assert not any("openings" in line for line in sentences(confirmed()))
    assert any(line.startswith("test was opened 2") for line in sentences(confirmed(openings=2)))
    lines = sentences(confirmed(openings=3, earlier_openings=2))
    assert any("3 times, 2 of them of runs that it starts from: these" in line for line in lines)


def explanation(*rivals, matched=()):
    """The sentence on rivals, each a name, a role and a verdict."""
    listed = [
        VALUES["comparisons"][0] | {"over": over, "role": role, "verdict": verdict}
        for over, role, verdict in rivals
    ]
    lines = sentences(confirmed(comparisons=listed, matched=list(matched)))
    return lines[1 + len(listed)]


REFERENCE = ("baseline", "reference", "not distinguishable")
UNSHOWN = "chance: the gain is not shown to be the method's"


@pytest.mark.parametrize(
    ("rivals", "line"),
    [
        (
            [("matched a", "control", "better"), ("t2 (b)", "arm", "better"), REFERENCE],
            "no control explains the gain: the winner is better than all 2 that might",
        ),
        (
            [("matched a", "control", "better"), ("t2 (b)", "arm", "not distinguishable")],
            f"over t2 (b) no gain is shown beyond {UNSHOWN}",
        ),
        (
            [("matched a", "control", "not distinguishable"), ("m", "control", "worse"), REFERENCE],
            "this gain is explained by a control: m does better: the gain is not the method's",
        ),
        (
            [("m", "control", "not distinguishable"), ("n", "control", "not distinguishable")],
            f"over m and n no gain is shown beyond {UNSHOWN}",
        ),
        (
            [
                ("t2 (b)", "arm", "not distinguishable"),
                ("t3 (c)", "arm", "not distinguishable"),
                ("m", "control", "not distinguishable"),
            ],
            f"over t2 (b), t3 (c) and m no gain is shown beyond {UNSHOWN}",
        ),
        (
            [("matched a", "control", "better"), ("t1", "searched", "not distinguishable")],
            "no control explains the gain: the winner is better than all 1 that might",
        ),
        (
            [("baseline", "reference", "better")],
            "no control was matched to the winner: how much of its gain is the method's is unknown",
        ),
    ],
)
def test_whether_a_control_explains_the_gain_is_said(rivals, line):
    assert explanation(*rivals) == line


def test_a_record_of_before_there_were_controls_says_nothing_of_them():
    assert not any("control" in line for line in sentences(confirmed()))


def test_of_one_training_each_there_is_no_interval():
    gap = {"value": 0.18, "low": None, "high": None}
    comparison = VALUES["comparisons"][0] | {"difference": gap, "p": None, "p_adjusted": None}
    comparison |= {"verdict": "not distinguishable", "seeds": [1, 1]}
    assert sentences(confirmed(comparisons=[comparison]))[1] == (
        "on test not distinguishable from baseline: +0.180, and a single training says nothing of "
        "other seeds"
    )
    several = comparison | {"seeds": [2, 2], "n": 1}
    assert sentences(confirmed(comparisons=[several]))[1] == (
        "on test not distinguishable from baseline: +0.180, and with 1 on test there is no "
        "interval over others"
    )


def test_a_gain_without_an_interval_is_explained_by_no_one_and_not_claimed():
    """A control of a single training may do as well or not; one that is known to, explains it."""
    gap = {"value": 0.18, "low": None, "high": None}
    base = VALUES["comparisons"][0] | {"role": "control"}
    equal = base | {"over": "m", "verdict": "not distinguishable"}
    unknown = equal | {"over": "n", "difference": gap, "p": None, "p_adjusted": None}
    lines = sentences(confirmed(comparisons=[base, unknown], matched=[]))
    assert lines[3] == f"how much of the gain over n is chance is not known: {UNSHOWN[8:]}"
    lines = sentences(confirmed(comparisons=[equal, unknown], matched=[]))
    assert lines[3] == f"over m no gain is shown beyond {UNSHOWN}"


def test_items_of_the_split_have_the_word_of_the_study():
    guessed = {"value": 0.05, "low": 0.02, "high": 0.1}
    lines = sentences(confirmed(without_near=NEAR, guessed=guessed), "subjects")
    assert any("20 of 70 test subjects" in line for line in lines)
    assert any("of the test subjects: its gradient may be masked" in line for line in lines)
    assert not any("images" in line for line in lines)


def test_trainings_on_test_that_miss_a_constraint_are_said():
    lines = sentences(confirmed(missed={"clean_floor": 1}))
    assert lines[-1] == "1 of the winner's 2 trainings on test miss clean_floor"


def test_a_finalist_some_of_whose_trainings_failed_is_named():
    """What is left of them chose itself: those that do not fail may be the better."""
    lines = sentences(confirmed(trainings={"r01": 2, "r02": 1}))
    (line,) = [line for line in lines if "the others failed" in line]
    assert line.startswith("baseline has 1 of 2 trainings on test: ")
    assert not any("the others failed" in line for line in sentences(confirmed()))


def test_a_control_whose_trainings_all_failed_is_named_and_nothing_is_claimed_of_it():
    """Without it the winner would be better than all that might explain its gain."""
    control = VALUES["finalists"][1] | {"id": "c01", "name": "matched m", "matched": "m"}
    base = VALUES["comparisons"][0] | {"role": "control"}
    values = {"comparisons": [base], "matched": [control]}
    lines = sentences(confirmed(**values, trainings={"r01": 2, "r02": 2, "c01": 2}))
    assert "no control explains the gain" in lines[2]
    lines = sentences(confirmed(**values, trainings={"r01": 2, "r02": 2, "c01": 0}))
    assert lines[2] == "how much of the gain matched m would explain is not known"
    assert "matched m is not on test: each of its trainings failed" in lines


def test_a_search_winner_that_cannot_be_trained_again_is_named():
    select = VALUES["selection"] | {"winner": "r02", "left": None}
    lines = sentences(confirmed(selection=select))
    (line,) = [line for line in lines if "the search promised" in line]
    assert "each training that should name the winner failed" in line
    assert not any("no selection regret" in line for line in lines)
