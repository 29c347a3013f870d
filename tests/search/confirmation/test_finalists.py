"""Who takes part in a confirmation."""

import pytest

from search.confirmation.finalists import choose_finalists
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


def test_the_controls_that_are_matched_to_the_best_take_part():
    winner = row("t001", 0.8, controls={"matched baseline": "c01", "matched paper": "r02"})
    former = row("c02", 0.3, "matched baseline of t009", control=True)
    own = row("c01", 0.35, "matched baseline of t001", control=True)
    finalists = choose_finalists([ROWS[0], winner, *ROWS[2:], own, former], 1, {"baseline"})
    assert [finalist.trial for finalist in finalists] == ["t001", "r02", "r03", "c01"]
    assert finalists[-1].control
