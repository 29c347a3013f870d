"""A table small enough to know all answers."""

import numpy as np
import pytest

from search.simulation.tables.problem import Problem
from search.simulation.tables.table import Table


@pytest.fixture
def make_problem():
    """Build a problem of 4 x 3 x 2 networks; the target is least at row 0 and most at row 23."""

    def build(floor=0.5, **columns):
        archs = tuple(f"a={a},b={b},c={c}" for a in "wxyz" for b in "pqr" for c in "01")
        rising = np.linspace(0.01, 0.93, 24)
        table = {"clean": np.full(24, 0.9), "strong_eps1": rising, "weak_eps1": rising}
        return Problem(Table("toy", archs, table | columns), "strong_eps1", floor)

    return build
