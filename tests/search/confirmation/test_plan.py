"""How a run is confirmed."""

import pytest

from search.confirmation.plan import GUESS_LITTLE, ConfirmPlan
from searchspace.errors import UserError
from trainables.attacks.presets import ENSEMBLES, guesses_enough
from trainables.runtime.config import parse


def test_by_default_one_of_three_is_chosen_and_trained_on_five_seeds():
    plan = ConfirmPlan()
    assert (plan.top, plan.choosing, plan.seeds) == (3, 3, 5)
    assert (plan.attacks, plan.images) == ("standard", None)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"top": 0}, "top is 0"),
        ({"images": 1}, "images is 1: Input should be greater than or equal to 2"),
        ({"references": "none"}, "references is 'none'"),
        ({"seed": 1}, "unknown setting 'seed': did you mean seeds"),
    ],
)
def test_a_wrong_field_is_one_line(fields, message):
    with pytest.raises(UserError, match=message):
        parse(ConfirmPlan, fields)


def test_ensembles_that_guess_little_are_those_without_a_card():
    assert {name for name in ENSEMBLES if not guesses_enough(name)} == GUESS_LITTLE
