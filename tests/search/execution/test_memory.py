"""A trial's share of memory: found once, written down, and what Ray sets apart."""

import pytest
import toy_study

from search.execution import machine
from search.execution.choose import choose_executor
from search.execution.machine import SHARE
from search.execution.memory import PROCESS_GIB, reserved_bytes, settle_memory
from search.plan import Plan
from searchspace.errors import UserError
from trainables.runtime.memory import GIB
from trainables.studies.robmednas.study import RobMedNAS

parse_settings = RobMedNAS().parse_settings


@pytest.fixture(autouse=True)
def sixteen_gib(monkeypatch):
    monkeypatch.setattr(machine, "machine_bytes", lambda: 16 * GIB)


def settings_of(limit):
    return parse_settings({"device": "cpu", "max_memory": limit})


def settle(settings, device="cpu", **plan):
    """Settle the limit of a run with such a plan."""
    return settle_memory(
        choose_executor(Plan(study="robmednas", **plan), settings), settings, device
    )


def test_trials_at_the_same_time_share_a_machine_and_each_needs_a_process():
    settled, line = settle(settings_of("auto"), concurrency=4)
    assert settled == {"max_memory": pytest.approx(SHARE * 16 / 4 - PROCESS_GIB)}
    assert "90% of this machine's 16.0 GiB, for 4 at a time" in line
    alone, _ = settle(settings_of("auto"), in_process=True)
    assert alone["max_memory"] == pytest.approx(SHARE * 16 - PROCESS_GIB)


@pytest.mark.parametrize("limit", [3.0, "none"])
def test_what_the_user_says_is_not_settled(limit):
    assert settle(settings_of(limit)) == ({}, "")


def test_a_study_without_such_a_limit_needs_none():
    assert settle(toy_study.Settings()) == ({}, "")


def test_a_share_that_is_less_than_a_process_is_refused():
    with pytest.raises(UserError, match=r"share of memory is 0\.23 GiB .*--concurrency"):
        settle(settings_of("auto"), concurrency=64)


def test_where_the_memory_cannot_be_told_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(machine, "machine_bytes", lambda: None)
    settled, line = settle(settings_of("auto"))
    assert settled == {"max_memory": None}
    assert "none is refused" in line


def test_ray_sets_apart_what_network_and_process_may_take_on_a_cpu_alone():
    assert reserved_bytes(settings_of(3)) == int((3 + PROCESS_GIB) * GIB)
    on_gpu = settings_of(3).model_copy(update={"device": "cuda"})
    for settings in (settings_of("none"), settings_of("auto"), toy_study.Settings(), on_gpu):
        assert reserved_bytes(settings) is None
