"""How many trials run at a time, how many proposals are random, and what a plan refuses."""

import os

import pytest

from search import plan as module
from search.plan import Plan, Start, available_cores, startup_trials
from searchspace.errors import UserError
from trainables.runtime.config import parse


@pytest.mark.parametrize(
    ("fields", "workers"),
    [
        ({}, 8),
        ({"cpus_per_trial": 3}, 2),
        ({"cpus_per_trial": 9}, 1),
        ({"concurrency": 5}, 5),
        ({"concurrency": 5, "in_process": True}, 1),
    ],
)
def test_workers_are_as_many_as_there_are_cores_for(monkeypatch, fields, workers):
    monkeypatch.setattr(module, "available_cores", lambda: 8)
    assert Plan(study="toy", **fields).workers == workers


@pytest.mark.parametrize(
    ("trials", "workers", "startup"), [(300, 4, 20), (300, 40, 80), (30, 4, 10), (2, 1, 0)]
)
def test_at_most_a_third_of_the_proposals_is_random(trials, workers, startup):
    assert startup_trials(trials, workers) == startup


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"trial": 3}, "unknown setting 'trial': did you mean trials"),
        ({"trials": 0}, "trials is 0: Input should be greater than 0"),
        ({"references": "some"}, "references is 'some': Input should be 'all' or 'few'"),
    ],
)
def test_a_wrong_field_is_one_line(fields, message):
    with pytest.raises(UserError, match=message):
        parse(Plan, {"study": "toy"} | fields)


def test_where_a_process_may_use_all_cores_they_are_counted(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.setattr(module, "cpu_limit", lambda: None)
    assert available_cores() == 7


@pytest.mark.parametrize(("limit", "cores"), [(None, 7), (2.5, 2), (0.5, 1), (16.0, 7)])
def test_a_container_has_the_cores_of_its_quota(monkeypatch, limit, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(7), raising=False)
    monkeypatch.setattr(module, "cpu_limit", lambda: limit)
    assert available_cores() == cores


def test_paths_of_the_users_own_code_are_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan(study="./mine.py:Study", sampler="mine.py:Sampler")
    assert plan.study == f"{tmp_path}/mine.py:Study"
    assert plan.sampler == f"{tmp_path}/mine.py:Sampler"
    assert Plan(study="tsynd").study == "tsynd"


@pytest.mark.parametrize("fields", [{"repeats": 0}, {"warm_start": 3}, {"first": 3}])
def test_a_wrong_start_is_one_line(fields):
    (name,) = fields
    label = name.replace("_", "-")
    with pytest.raises(UserError, match=f"^{label}.* is {fields[name]}: ") as error:
        parse(Start, fields)
    assert "\n" not in str(error.value)
