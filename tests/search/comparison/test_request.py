"""What a command line asks for, and what it leaves to defaults."""

from pathlib import Path

import pytest

from search.comparison.comparison import Grid, Origin
from search.comparison.request import Request
from searchspace.errors import UserError


def comparison_of(**values):
    fields = {"datasets": "phantom", "fractions": "0.1,1", "seeds": 2, "out": Path("out")}
    request = Request(**fields | values)
    common = {"eps": "0,1/255", "epochs": 5}
    return request.comparison("tsynd", ("phantom",), list, str, stem="table", common=common)


def test_an_option_that_was_not_given_is_left_to_its_default():
    """And one that was overrides what is common to all cells."""
    comparison = comparison_of(
        settings={"epochs": None, "classifier": "cnn"},
        machine={"address": None, "in_process": False},
    )
    assert comparison.settings == {"eps": "0,1/255", "epochs": 5, "classifier": "cnn"}
    assert comparison.machine == {"in_process": False}
    assert comparison_of(settings={"epochs": 7}).settings["epochs"] == 7


def test_seeds_begin_where_the_run_that_chose_methods_used_none():
    request = Request(datasets="phantom", fractions="1", seeds=2, out=Path("out"))
    values = {"stem": "table", "common": {}}
    origin = Origin(Path("run"), 7, "tuned")
    comparison = request.comparison("tsynd", ("phantom",), list, str, origin=origin, **values)
    assert [cell.seed for cell in comparison.grid] == [1007, 1008]
    assert comparison.origin is origin


def test_fractions_are_read_and_checked():
    assert comparison_of().grid == Grid(("phantom",), (0.1, 1.0), 2)
    with pytest.raises(UserError, match="above 0 and at most 1"):
        comparison_of(fractions="0,1")
