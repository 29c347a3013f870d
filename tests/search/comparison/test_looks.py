"""How often verdicts were read: with other seeds or images again."""

import pytest

from search.comparison.looks import LOOKS, count_looks, earlier
from searchspace.errors import UserError

BREAST, CHEST = ("breastmnist", 0.1), ("chestmnist", 0.1)


def test_the_most_looks_at_any_setting_count(tmp_path):
    def look(settings, seeds, images=None):
        return count_looks(tmp_path, settings, seeds, images)

    assert look([BREAST], 1) == 1  # no verdict
    assert look([BREAST], 5) == 1
    assert look([BREAST], 5) == 1
    assert look([BREAST], 10) == 2
    assert look([BREAST], 10, images=100) == 3
    assert look([CHEST, ("breastmnist", 1.0)], 10) == 1
    assert look([CHEST, BREAST], 10) == 4
    assert look([BREAST], 5) == 4  # what was read later was read


def test_a_table_that_grows_by_datasets_is_looked_at_again(tmp_path):
    """Read one after another, at .05 by the comparisons of each: after twelve .15 would err."""
    names = [f"set{number}" for number in range(4)]
    looks = [
        count_looks(tmp_path, [(name, 0.1) for name in names[: count + 1]], 5, None)
        for count in range(4)
    ]
    assert looks == [1, 2, 3, 4]
    assert count_looks(tmp_path, [(name, 0.1) for name in reversed(names)], 5, None) == 4


def test_the_first_look_costs_nothing():
    assert not list(earlier(1))
    (line,) = earlier(3)
    assert "look 3" in line


@pytest.mark.parametrize("text", ["{}", "[1]", '[{"dataset": "breastmnist"}]', "["])
def test_a_damaged_list_is_refused(tmp_path, text):
    (tmp_path / LOOKS).write_text(text)
    with pytest.raises(UserError, match=LOOKS):
        count_looks(tmp_path, [BREAST], 5, None)
