"""JSON is bounded before it becomes objects."""

import json

import pytest

from searchspace.errors import UserError
from trainables.door.records import DEPTH, GROUPS, RECORD_BYTES, parse_json, read_json


def nested(depth):
    return b"[" * depth + b"]" * depth


def test_what_a_run_writes_is_read(tmp_path):
    values = {"a": [1, None, 0.5, "é", {"b": True}], "b": "[" * 100}
    (tmp_path / "file").write_text(json.dumps(values))
    assert read_json(tmp_path / "file") == values


def test_control_characters_do_not_come_in(tmp_path):
    (tmp_path / "file").write_text(json.dumps({"a\x1b[2J": ["\x07"]}))
    assert read_json(tmp_path / "file") == {r"a\x1b[2J": [r"\x07"]}


def test_depth_has_a_bound_whatever_texts_hold():
    assert parse_json(nested(DEPTH))
    for depth in (DEPTH + 1, 100_000):
        with pytest.raises(ValueError, match=f"nested more than {DEPTH} deep"):
            parse_json(nested(depth))
    assert parse_json(json.dumps(["[" * 1000, '\\"[[[' * 50]).encode())
    assert parse_json(nested(DEPTH + 1), DEPTH + 1)
    siblings = b"[" + b",".join([b"[]"] * 1000) + b"]"
    assert len(parse_json(siblings)) == 1000


def test_lists_and_objects_have_a_bound():
    with pytest.raises(ValueError, match=f"and at most {GROUPS} are read"):
        parse_json(b"[" + b",".join([b"[]"] * GROUPS) + b"]")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "Expecting"),
        (b"\xff", "decode"),
        (b"", "Expecting value"),
        (b"1" * 5000, "Exceeds the limit"),
        (nested(2000), "nested"),
        (b"[" * 2000, "nested"),
        ('{"a": 1}'.encode("utf-16"), "decode"),
        ('{"a": "\\u001b[2J"}'.encode("utf-32"), "decode"),
        (b"[NaN]", "NaN is no JSON"),
        (b'{"a": -Infinity}', "-Infinity is no JSON"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "a name twice"),
    ],
)
def test_what_is_no_json_is_one_line(tmp_path, text, reason):
    (tmp_path / "file").write_bytes(text)
    with pytest.raises(UserError, match=f"cannot read .*file: .*{reason}") as caught:
        read_json(tmp_path / "file")
    assert "\n" not in str(caught.value)


def test_a_long_file_is_refused_by_its_size(tmp_path):
    with (tmp_path / "file").open("wb") as stream:
        stream.truncate(RECORD_BYTES + 1)
    with pytest.raises(UserError, match=r"at most 8\.0 are read"):
        read_json(tmp_path / "file")


def test_a_missing_file_is_the_callers_affair(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "absent")
