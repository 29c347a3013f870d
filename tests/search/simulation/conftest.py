"""A table small enough to know all answers."""

import csv

import numpy as np
import pytest

from search.simulation.tables.table import Table
from search.simulation.tables.table_problem import TableProblem


@pytest.fixture
def make_problem():
    """Build a problem of 4 x 3 x 2 networks; the target is least at row 0 and most at row 23."""

    def build(floor=0.5, **columns):
        archs = tuple(f"a={a},b={b},c={c}" for a in "wxyz" for b in "pqr" for c in "01")
        ascending = np.linspace(0.01, 0.93, 24)
        table = {"clean": np.full(24, 0.9), "strong_eps1": ascending, "weak_eps1": ascending}
        return TableProblem(Table("toy", archs, table | columns), "strong_eps1", floor)

    return build


@pytest.fixture
def write_table():
    """Write a table as the CSV file that `read_table` reads."""

    def write(table, file):
        with file.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["arch", *table.columns])
            writer.writerows(zip(table.archs, *table.columns.values(), strict=True))
        return file

    return write
