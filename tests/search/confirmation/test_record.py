"""``confirm.json`` from begun to ended."""

import json

import pytest
from make_confirmation import NEAR, VALUES, confirmed

from search.confirmation.record import (
    ConfirmationResult,
    ConfirmationStart,
    add_winner,
    begin_confirmation,
    end_confirmation,
    read_confirmation,
)
from searchspace.errors import UserError

BEGUN = {name: VALUES[name] for name in ("run", "plan", "finalists")}
ENDED = {name: value for name, value in VALUES.items() if name not in {*BEGUN, "winner", "started"}}


def test_a_confirmation_is_written_in_three_steps(tmp_path):
    assert read_confirmation(tmp_path) is None
    begin_confirmation(tmp_path, BEGUN)
    begun = read_confirmation(tmp_path)
    assert type(begun) is ConfirmationStart
    assert begun.winner is None
    assert begun.finalists[0].name == "best"
    add_winner(tmp_path, "r01")
    assert read_confirmation(tmp_path).winner == "r01"
    record = end_confirmation(tmp_path, ENDED)
    assert type(record) is ConfirmationResult
    assert record == read_confirmation(tmp_path)
    assert record.names == {"r01": "best", "r02": "baseline"}
    assert record.first.value.bounds == (0.3, 0.5)
    assert json.loads((tmp_path / "confirm.json").read_text())["version"] == 1


def test_one_of_before_versions_is_read_and_the_unknown_survives(tmp_path):
    file = tmp_path / "confirm.json"
    file.write_text(json.dumps(VALUES | {"later": 1}))
    assert read_confirmation(tmp_path) == confirmed(later=1)
    add_winner(tmp_path, "r01")
    assert json.loads(file.read_text()) == VALUES | {"later": 1, "version": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"winner": "r09"}, "the winner is not among the standings"),
        ({"test": {}}, "test and conditions are not those of the same finalists"),
        ({"conditions": {"r01": []}}, "test and conditions"),
        (
            {"without_near": NEAR | {"test": {"r01": NEAR["test"]["r01"]}}},
            "test with and without near copies is not of the same finalists",
        ),
        ({"images": {"ranking": 3}}, "images.test is missing"),
        ({"direction": "up"}, "direction is 'up'"),
        ({"plan": {"top": 0}}, "plan.top is 0"),
        ({"version": 7}, "is of version 7"),
    ],
)
def test_what_does_not_fit_is_one_line_with_the_file(tmp_path, changes, message):
    (tmp_path / "confirm.json").write_text(json.dumps(VALUES | changes))
    with pytest.raises(UserError, match=message) as caught:
        read_confirmation(tmp_path)
    assert str(tmp_path / "confirm.json") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_control_has_a_name_though_it_has_no_standing():
    control = VALUES["finalists"][1] | {"id": "c01", "name": "matched baseline of t001"}
    test = VALUES["test"] | {"c01": VALUES["test"]["r02"]}
    conditions = VALUES["conditions"] | {"c01": VALUES["conditions"]["r02"]}
    record = confirmed(test=test, conditions=conditions, matched=[control | {"promised": None}])
    assert record.names["c01"] == "matched baseline of t001"
    with pytest.raises(UserError, match="test and conditions"):
        confirmed(test=test, conditions=conditions)


def test_near_copies_among_the_test_images_are_counted():
    assert confirmed(without_near=NEAR).near_images == 20
    assert confirmed().near_images == 0
