"""Records of one JSON object: versions, fields, and what is unknown."""

import json
import math

import pytest

from search.record.versioned import (
    VERSION,
    Measured,
    Versioned,
    parse_versioned,
    read_versioned,
)
from searchspace.errors import UserError
from trainables.runtime.config import Frozen


class Plan(Frozen):
    trials: int = 3


class Record(Versioned):
    name: str
    plan: Plan = Plan()
    sizes: tuple[int, ...] = ()
    tau: Measured = 0.0


def parse(**values):
    return parse_versioned(Record, values, "record.json")


def test_null_is_nan_and_comes_back_as_null(tmp_path):
    record = parse(name="a", tau=None)
    assert math.isnan(record.tau)
    record.adding(tmp_path / "record.json")
    assert json.loads((tmp_path / "record.json").read_text())["tau"] is None


def test_what_is_unknown_here_survives_a_round_trip(tmp_path):
    file = tmp_path / "record.json"
    file.write_text(json.dumps({"version": 1, "name": "a", "later": {"x": [1]}}))
    record = read_versioned(Record, file).adding(file, name="b", sizes=(1, 2))
    assert (record.name, record.sizes) == ("b", (1, 2))
    written = {"version": 1, "name": "b", "later": {"x": [1]}, "sizes": [1, 2]}
    assert json.loads(file.read_text()) == written == read_versioned(Record, file).as_json()


def test_a_record_without_a_version_is_read_and_written_as_the_newest(tmp_path):
    record = parse(name="a")
    assert record.version == VERSION
    record.adding(tmp_path / "record.json")
    assert json.loads((tmp_path / "record.json").read_text())["version"] == VERSION


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "record.json: name is missing"),
        ({"name": 3}, "record.json: name is 3: Input should be a valid string"),
        ({"name": "a", "plan": {"trial": 1}}, "record.json: plan.trial is unknown"),
        ({"name": "a", "plan": {"trials": "1"}}, "record.json: plan.trials is '1': Input should"),
        ({"name": "a", "sizes": [1, None]}, "record.json: sizes.1 is None: Input should"),
        ({"name": "a", "version": "1"}, "record.json: version is '1': Input should"),
        (
            {"name": "a", "version": 2},
            "record.json is of version 2, and this program reads up to 1",
        ),
    ],
)
def test_what_does_not_fit_is_one_line_with_file_and_field(values, message):
    with pytest.raises(UserError) as caught:
        parse(**values)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "cannot read .*: Expecting"), ("[]", "holds no JSON object")],
)
def test_what_is_no_object_is_one_line(tmp_path, text, message):
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(UserError, match=message):
        read_versioned(Record, tmp_path / "record.json")


def test_a_field_that_does_not_fit_is_not_written(tmp_path):
    file = tmp_path / "record.json"
    record = parse(name="a").adding(file)
    with pytest.raises(UserError, match="sizes is 'x'"):
        record.adding(file, sizes="x")
    assert "sizes" not in json.loads(file.read_text())
