"""What results say."""

import io

import numpy as np
import pytest
from rich.console import Console

from search.simulation.suite.results import ResultFile
from search.simulation.suite.summary import (
    collect,
    compare,
    flip_test,
    holm,
    pair_lines,
    place_lines,
    result_table,
    verdict_lines,
)


@pytest.fixture
def make_rows(make_result):
    """Build results of 30 searches of each task, the second method's regrets shifted."""

    def build(**shifts):
        generator = np.random.default_rng(0)
        rows = {}
        for task, shift in shifts.items():
            base = generator.uniform(0.3, 0.7, 30)
            regrets = base + shift + generator.normal(0, 0.1, 30)
            rows[task] = {
                name: [
                    make_result(task, name, seed, float(value), success=bool(value < 0.4))
                    for seed, value in enumerate(values)
                ]
                for name, values in (("engine tpe", base), ("engine bayes", regrets))
            }
        return rows

    return build


def test_the_flip_test_is_uniform_under_chance():
    generator = np.random.default_rng(0)
    p_values = [flip_test(generator.standard_normal(30)) for _ in range(200)]
    assert np.mean(np.array(p_values) < 0.05) < 0.1
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.07)
    assert flip_test(generator.standard_normal(30) + 1.0) < 0.001
    assert flip_test(np.zeros(30)) == 1.0


def test_holm():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_what_is_worse_and_better_beyond_chance(make_rows):
    rows = make_rows(worse=0.2, same=0.0, better=-0.2)
    by_task = {c.task: c for c in compare(rows, "engine bayes", "engine tpe")}
    assert by_task["worse"].worse < 0.01
    assert by_task["better"].better < 0.01
    assert by_task["worse"].difference == pytest.approx(0.2, abs=0.06)
    assert by_task["same"].worse > 0.05 < by_task["same"].better
    methods = ("engine bayes", "engine tpe")
    (line,) = verdict_lines(rows, methods, "engine tpe")
    assert line.startswith("engine bayes against engine tpe: regret lower on 1, higher on 1 of 3")
    assert line.endswith("(worse)")


def test_how_few_beat_the_winners(make_result):
    rows = {"first": {"a": [make_result(ahead=seed / 100) for seed in range(11)], "b": []}}
    (line,) = place_lines(rows, ("a", "b"))
    assert line == (
        "a: 5.00% of the eligible or fewer beat the winner in half of 11 searches, 9.00% in 90%, "
        "at the cost of 4 full trials"
    )


def test_in_how_many_pairs_the_first_method_ends_better(make_result):
    regrets = {"a": [0.1, 0.1, 0.2, 0.4, 0.9], "b": [0.4, 0.3, 0.2, 0.1]}  # the last has no pair
    row = {
        name: [
            make_result("first", name, seed, value, success=value < 0.15)
            for seed, value in enumerate(values)
        ]
        for name, values in regrets.items()
    }
    (line,) = pair_lines({"first": row | {"c": []}}, ("a", "b", "c"))
    assert line == (
        "a against b, 4 searches with the same task and seed: regret lower in 2, higher in 1 "
        "(sign test, p 1), mean -0.05; in the top in 2 and 1"
    )


def test_pairs_that_all_end_alike_say_so(make_result):
    row = {name: [make_result("first", name, 0, 0.0, success=True)] for name in "ab"}
    (line,) = pair_lines({"first": row}, ("a", "b"))
    assert "lower in 0, higher in 0 (sign test, p 1)" in line


def test_only_searches_of_the_same_seed_are_compared(make_rows):
    rows = make_rows(same=0.0)
    rows["same"]["engine bayes"] = rows["same"]["engine bayes"][:5]
    assert len(compare(rows, "engine bayes", "engine tpe")) == 1
    rows["same"]["engine bayes"] = []
    assert compare(rows, "engine bayes", "engine tpe") == []


def test_the_table(make_suite, make_result, tmp_path):
    suite, file = make_suite(), ResultFile(tmp_path / "r.jsonl")
    for key in suite.keys(suite.tasks[0], "random"):
        file.add(make_result("first", "random", key[2], regret=0.2, success=key[2] % 2 == 0))
    rows = collect(suite, file)
    assert [len(rows["first"][m]) for m in suite.methods] == [0, 3]
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(result_table(rows, suite.methods))
    text = console.export_text()
    share = "67%" if suite.tasks[0].seed % 2 == 0 else "33%"
    assert f"{share} .20" in text
    assert "mean of 2" in text


def test_seven_methods_fit_into_80_columns(make_suite, make_result):
    methods = [f"engine {name}" for name in ("bayes", "tpe", "evolution", "random", "gp")]
    methods += ["Optuna TPE", "Hyperopt TPE"]
    row = {name: [make_result("first", name, 0, 0.5, success=True)] for name in methods}
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(result_table({"peaks networks": row}, methods))
    line = next(line for line in console.export_text().splitlines() if "peaks" in line)
    assert line.split() == ["peaks", "networks"] + ["100%", ".50"] * 7
