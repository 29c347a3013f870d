"""How a run is confirmed."""

import pytest

from search.confirmation.plan import ConfirmPlan
from searchspace.errors import UserError
from trainables.runtime.config import parse


def test_by_default_three_finalists_are_trained_on_three_seeds():
    plan = ConfirmPlan()
    assert (plan.top, plan.seeds, plan.attacks, plan.images) == (3, 3, "standard", None)


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
