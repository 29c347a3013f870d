"""A suite of two tiny tasks, and results that were made up."""

from dataclasses import replace

import numpy as np
import pytest

from search.simulation.suite.results import Result
from search.simulation.suite.run import Suite
from search.simulation.suite.tasks import Task

PRICED = {"pgd_eps1": np.linspace(0.01, 0.93, 24)}


@pytest.fixture
def make_suite(make_problem):
    problem = replace(make_problem(**PRICED), target="pgd_eps1")  # a metric with a price

    def build(**changes):
        names = ("first", "second")
        details = {"methods": ("engine evolution", "random"), "searches": 3, "slow_searches": 1}
        details["tasks"] = [Task("table", name, "development", lambda: problem) for name in names]
        return Suite(trials=8, workers=2, **details | changes)

    return build


@pytest.fixture
def make_result():
    def build(task="first", method="engine tpe", seed=0, regret=0.5, **changes):
        details = {"trials": 8, "workers": 2, "success": False, "ahead": 0.5}
        details |= {"infeasible": 0.0, "cost": 4.0, "seconds": 0.1}
        return Result(task=task, method=method, seed=seed, regret=regret, **details | changes)

    return build
