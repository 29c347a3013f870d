"""Who takes part in a confirmation."""

from dataclasses import replace

import pytest

from search.confirmation.finalists import choose_finalists, matched_finalists
from search.engine.trial import State, Trial
from search.results.ranking import Row


def row(name, value, label="", note="", **fields):
    return Row(
        Trial(name, {"name": name}, label, state=State.COMPLETED, **fields), value, None, note
    )


ROWS = [
    row("r01", 0.9, "adversarial", control=True),
    row("t001", 0.8),
    row("t002", 0.7, note="floor missed"),
    row("r02", 0.6, "paper"),
    row("t003", 0.5),
    row("r03", 0.4, "baseline"),
]


@pytest.mark.parametrize(
    ("top", "labels", "trials"),
    [
        (1, set(), ["t001"]),
        (2, set(), ["t001", "r02"]),
        (2, {"paper", "baseline"}, ["t001", "r02", "r03"]),
        (1, {"adversarial"}, ["t001", "r01"]),
        (9, {"unknown"}, ["t001", "r02", "t003", "r03"]),
    ],
)
def test_the_best_that_can_win_then_the_references_that_are_not_among_them(top, labels, trials):
    finalists = choose_finalists(ROWS, top, labels)
    assert [finalist.trial for finalist in finalists] == trials
    assert [finalist.id for finalist in finalists] == [
        f"r{n:02d}" for n in range(1, len(trials) + 1)
    ]


def test_a_finalist_knows_its_place_and_what_the_search_promised():
    first, second = choose_finalists(ROWS, 1, {"paper"})
    assert (first.name, first.place, first.promised, first.reference) == ("t001", 2, 0.8, False)
    assert (second.name, second.place, second.reference) == ("paper", 4, True)


def test_where_no_trial_can_win_no_one_takes_part():
    assert choose_finalists([ROWS[0], ROWS[2]], 3, {"adversarial"}) == ()


def test_the_best_of_each_arm_takes_part():
    """Of a control no arm is known; a trial that misses a constraint is the best of none."""
    arms = {"t001": "a", "t002": "b", "r02": "a", "t003": "b", "r03": "c"}
    rows = [
        row(
            entry.trial.id, entry.value, entry.trial.label, entry.note, control=entry.trial.control,
            point={"kind": arms[entry.trial.id]} if entry.trial.id in arms else None,
        )
        for entry in ROWS
    ]  # fmt: skip
    finalists = choose_finalists(rows, 1, {"adversarial", "baseline"}, "kind")
    assert [(finalist.trial, finalist.arm) for finalist in finalists if finalist.candidate] == [
        ("t001", "a"),
        ("t003", "b"),
        ("r03", "c"),
    ]
    (control,) = [finalist for finalist in finalists if not finalist.candidate]
    assert (control.name, control.arm) == ("adversarial", None)


def test_a_control_that_a_finalist_is_already_is_not_listed_twice():
    winner, reference = choose_finalists(ROWS, 1, {"baseline"})
    new = Trial("c01", {"lr": 2}, "matched paper of r01", control=True)
    old = Trial(reference.id, reference.config, "baseline")
    controls = {"matched paper": new, "matched baseline": old}
    first, second = matched_finalists(winner, controls, (winner, reference))
    assert (first.id, first.name, first.config) == ("c01", "matched paper of t001", {"lr": 2})
    assert (first.control, first.candidate, first.matched) == (True, False, "matched paper")
    assert second == replace(reference, matched="matched baseline")
