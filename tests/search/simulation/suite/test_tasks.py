"""The tasks of the suite and its halves."""

from collections import Counter

import pytest

from search.simulation.suite.tasks import LANDSCAPES, TABLE_GOALS, list_tasks
from search.simulation.tables.table_problem import TableProblem


@pytest.fixture
def tasks(tmp_path):
    return list_tasks(tmp_path / "table.csv")  # read when a task is searched


def test_the_halves_are_of_the_same_size_and_share_no_group(tasks):
    for family, count in (("table", 12), ("generated", 6), ("landscape", len(LANDSCAPES))):
        halves = Counter(task.half for task in tasks if task.family == family)
        assert halves == {"development": count // 2, "report": count // 2}
    for target in TABLE_GOALS:
        assert len({task.half for task in tasks if task.name.startswith(f"{target},")}) == 1


def test_the_task_that_bayes_was_developed_on_is_not_reported(tasks):
    (task,) = (task for task in tasks if task.name == "apgd_ce_eps1, clean 0.90")
    assert task.half == "development"


def test_no_two_tasks_share_seeds(tasks):
    assert len({task.name for task in tasks}) == len({task.seed for task in tasks}) == len(tasks)


def test_without_a_table_its_tasks_are_missing(tasks):
    names = [task.name for task in tasks if task.family != "table"]
    assert [task.name for task in list_tasks(None)] == names


def test_a_task_makes_its_problem_once(tasks):
    (task,) = (task for task in tasks if task.name.startswith("generated 5"))
    problem = task.make()
    assert isinstance(problem, TableProblem)
    assert (problem.target, problem.floor) == ("pgd_eps1", 0.95)
    assert problem is task.make()
    assert [(rung.metric, rung.images) for rung in task.ladder.rungs] == [
        ("pgd_eps1", 1000),
        ("pgd_eps1", 10_000),
    ]


@pytest.mark.shared_data
def test_every_task_of_the_table_has_eligible_networks(shared_data):
    tasks = list_tasks(shared_data / "nasbench201_robustness_cifar10.csv.gz")
    for task in tasks:
        if task.family == "table":
            assert task.make().eligible.mean() > 0.05
