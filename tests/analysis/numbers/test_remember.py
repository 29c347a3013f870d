"""A frame is computed once a run."""

import gc

import pandas as pd
from make_run import Blueprint

from analysis.numbers.remember import once_a_run


def test_it_is_computed_once_a_run_and_each_caller_has_a_copy(build):
    runs = []

    @once_a_run
    def names(run):
        runs.append(run)
        return pd.DataFrame({"name": [run.folder.name]})

    first, second = (build(Blueprint("t001"), name=name) for name in ("a", "b"))
    frame = names(first)
    frame["name"] = "changed"
    assert names(first)["name"].tolist() == ["a"]
    assert names(second)["name"].tolist() == ["b"]
    assert runs == [first, second]


def test_a_run_that_nobody_uses_is_forgotten(build):
    count = []

    @once_a_run
    def frame(run):
        count.append(run.folder)
        return pd.DataFrame()

    for name in ("a", "b"):
        run = build(Blueprint("t001"), name=name)
        frame(run)
        del run
        gc.collect()
    assert len(count) == 2
