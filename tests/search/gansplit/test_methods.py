"""Rows of the tables, and points of the split."""

import pytest

from search.gansplit.methods import methods, parse_points
from searchspace.errors import UserError
from trainables.studies.gansplit.settings import GANSplitSettings

SETTINGS = GANSplitSettings(generators="r1")


def test_every_point_is_replaced_and_added_beside_the_controls():
    rows = {row.label: row.config for row in methods(SETTINGS, (0.0, 0.5, 1.0))}
    assert list(rows) == [
        "authentic",
        "replace 0.5",
        "replace 1",
        "add 0.5",
        "add 1",
        "repeats",
        "noise",
        "augmented",
        "adversarial",
        "adversarial, repeats",
        "adversarial, add 1",
    ]
    assert rows["authentic"]["source"] == "none"
    assert (rows["replace 0.5"]["mix"], rows["replace 0.5"]["share"]) == ("replace", 0.5)
    assert (rows["add 0.5"]["source"], rows["add 0.5"]["ratio"]) == ("r1", 0.5)
    against = [label for label, config in rows.items() if config["train_eps"]]
    assert against == ["adversarial", "adversarial, repeats", "adversarial, add 1"]


def test_points_are_sorted():
    assert parse_points("1,0,.25") == (0.0, 0.25, 1.0)


@pytest.mark.parametrize("text", ["much", "0,1,1", "0,2,1", "0,0.5", "-1,0,1", "0,nan,1"])
def test_what_is_no_split_is_one_line(text):
    with pytest.raises(UserError, match="--points") as error:
        parse_points(text)
    assert "\n" not in str(error.value)
