"""Frames that several figures and tables need are computed once a run."""

from collections.abc import Callable
from functools import wraps
from weakref import WeakKeyDictionary

import pandas as pd

from analysis.load import Run

Compute = Callable[[Run], pd.DataFrame]


def once_a_run(compute: Compute) -> Compute:
    """Remember what a function computed of each run as long as the run is in use."""
    memory: WeakKeyDictionary[Run, pd.DataFrame] = WeakKeyDictionary()

    @wraps(compute)
    def remembered(run: Run) -> pd.DataFrame:
        if run not in memory:
            memory[run] = compute(run)
        return memory[run].copy()

    return remembered
