"""A line of the record is of the fields and types that are read, or is refused in one line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.record.event import parse_event
from search.record.events import follow

PROPOSED = {
    "event": "proposed", "trial": "t001", "elapsed_s": 1.0, "label": "", "scaled": False,
    "control": False, "config": {"x": 1, "blocks": [1, 2]}, "point": {"x": 1.5}, "new": [{}],
}  # fmt: skip
REPORTED = {
    "event": "reported", "trial": "t001", "elapsed_s": 2, "node": "one", "epoch": 3, "rung": 0,
    "metrics": {"m": None, "n": 1}, "intervals": {"m": [None, 0.5]}, "constraints": {"floor": -1.5},
    "seconds": {"training": 1.0}, "value": None, "best_epoch": None, "notes": ["a"],
}  # fmt: skip
ENDED = {
    "event": "ended", "trial": "t001", "elapsed_s": 3.0, "state": "pruned", "reason": "",
    "trace": "",
}  # fmt: skip


def line(values):
    return json.dumps(values).encode()


@pytest.mark.parametrize("event", [PROPOSED, REPORTED, ENDED, {"event": "odd", "elapsed_s": 0}])
def test_what_the_engine_writes_is_read_as_it_is(event):
    assert parse_event(line(event)) == event


@pytest.mark.parametrize(
    ("event", "change", "reason"),
    [
        (PROPOSED, {"trial": "../../home"}, "trial is '../../home': Value error, it is no name"),
        (PROPOSED, {"trial": 7}, "trial is 7"),
        (PROPOSED, {"repeats": ".."}, "repeats is"),
        (PROPOSED, {"label": None}, "label is None"),
        (PROPOSED, {"scaled": "yes"}, "scaled is 'yes'"),
        (PROPOSED, {"config": [1]}, "config is"),
        (PROPOSED, {"config": {"x": {"y": {"z": 1}}}}, "config.x"),
        (PROPOSED, {"elapsed_s": -1}, "elapsed_s is -1"),
        (PROPOSED, {"elapsed_s": 1e11}, "elapsed_s is 1"),
        (REPORTED, {"seconds": {"training": 1e308}}, "seconds.training is 1"),
        (PROPOSED, {"elapsed_s": "1"}, "elapsed_s is '1'"),
        (PROPOSED, {"elapsed_s": 1e999}, "Infinity is no JSON"),
        (PROPOSED, {"seed": 2**80}, "seed is"),
        (REPORTED, {"metrics": {"m": "0.5"}}, "metrics.m is '0.5'"),
        (REPORTED, {"metrics": None}, "metrics is None"),
        (REPORTED, {"metrics": {"m": float("nan")}}, "NaN is no JSON"),
        (REPORTED, {"intervals": {"m": [1]}}, "intervals.m"),
        (REPORTED, {"epoch": 2.5}, "epoch is 2.5"),
        (REPORTED, {"epoch": True}, "epoch is True"),
        (REPORTED, {"seconds": {"training": -1}}, "seconds.training"),
        (REPORTED, {"notes": [1]}, "notes.0 is 1"),
        (REPORTED, {"rung": -1}, "rung is -1"),
        (ENDED, {"state": "lost"}, "state is 'lost'"),
        (ENDED, {"reason": ["a"]}, "reason is"),
    ],
)
def test_another_type_or_value_is_named(event, change, reason):
    with pytest.raises(ValueError, match=reason.replace(".", r"\.")) as caught:
        parse_event(line(event | change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("event", [PROPOSED, REPORTED, ENDED])
def test_a_field_that_is_read_is_missed(event):
    read = {"trial", "config", "metrics", "state", "elapsed_s"} & event.keys()
    for name in read:
        with pytest.raises(ValueError, match=f"it has no {name}"):
            parse_event(line({key: value for key, value in event.items() if key != name}))


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.sampled_from([PROPOSED, REPORTED, ENDED]), st.data())
def test_whatever_a_line_holds_it_is_followed_or_refused(event, data):
    name = data.draw(st.sampled_from(sorted(event)))
    try:
        parsed = parse_event(line(event | {name: data.draw(JSON)}))
    except ValueError:
        return
    before = [PROPOSED, REPORTED] if parsed["event"] != "proposed" else []
    if parsed.get("trial") == "t001":
        follow([*before, parsed])


@pytest.mark.parametrize(
    "change",
    [
        {"label": "x" * 2000},
        {"config": {"x" * 300: 1}},
        {"config": {"x": "y" * 20_000}},
        {"node": "x" * 300},
    ],
)
def test_what_is_drawn_is_no_longer_than_can_be_drawn(change):
    with pytest.raises(ValueError, match=r"(label|config|node)\S* is"):
        parse_event(line(PROPOSED | change))


def test_infinity_is_refused_however_it_is_written():
    text = line(PROPOSED).replace(b'"elapsed_s": 1.0', b'"elapsed_s": 1e999')
    with pytest.raises(ValueError, match="elapsed_s is inf"):
        parse_event(text)
