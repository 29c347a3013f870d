"""Which code wrote a run."""

from dataclasses import replace

from search.record.provenance import code_state

STATE = code_state()


def test_the_same_code_has_no_changes():
    assert STATE.changes_to(code_state()) == []
    assert len(STATE.code) == 16
    assert STATE.versions["torch"]


def test_changes_name_package_and_versions_and_say_when_it_is_our_code():
    before = replace(STATE, versions=STATE.versions | {"torch": "1.0"}, code="x")
    torch = STATE.versions["torch"]
    assert before.changes_to(STATE) == [f"torch 1.0 -> {torch}", "this platform's code"]


def test_a_package_that_was_not_noted_is_a_change():
    versions = {name: version for name, version in STATE.versions.items() if name != "numpy"}
    (change,) = replace(STATE, versions=versions).changes_to(STATE)
    assert change.startswith("numpy None -> ")
