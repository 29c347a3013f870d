"""The command, from what is typed to what is printed and written."""

import csv
import json

import pytest
import typer
from typer.testing import CliRunner

from search.cli.simulate import simulate
from searchspace.errors import UserError


@pytest.fixture
def table(make_problem, write_table, tmp_path):
    return write_table(make_problem().table, tmp_path / "toy.csv")


@pytest.fixture
def call(table, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    app = typer.Typer()
    app.command()(simulate)

    def caller(*options, ladder=("--ladder", "weak_eps1,strong_eps1")):
        options = ["--prices", "weak=1,strong=10", "--target", "strong_eps1", *options]
        options = [*ladder, "--jobs", "1", *options]
        return CliRunner().invoke(app, [str(table), "--seeds", "2", "--trials", "24", *options])

    return caller


def test_the_report(call, table):
    result = call("--scheduler", "fifo", "--sampler", "random,tpe", "--images", "all,all")
    assert result.exception is None
    lines = result.output.splitlines()
    assert lines[:7] == [
        "toy.csv: 24 networks",
        "eligible: 24, with clean accuracy of at least 0.9",
        "target: strong_eps1, best 0.930",
        "top 0.1 % of the eligible: 1, from 0.930 on",
        "the engine measures: weak_eps1, then strong_eps1; scheduler fifo",
        "its peers measure: the target at once, on all images",
        "searches: 2 each, of 24 trials on 8 workers",
    ]
    assert max(map(len, lines)) <= 80
    for method in ("engine random", "engine tpe", "Optuna TPE", "Hyperopt TPE", "random"):
        assert sum(line.startswith(f"│ {method} ") for line in lines) >= 2
    # 24 trials of 24 networks, none tried twice: the engine always finds the best
    assert "engine random: top 0.1 % in at least 95% of searches: 1, met" in lines
    assert "engine random: at most 50% of the attack cost of Optuna TPE: 1.09, NOT met" in lines
    assert "engine random: median regret at most 0.01: 0, met" in lines


def test_by_default_the_target_is_measured_on_few_images_first(call):
    output = call("--trials", "4", "--sampler", "random", ladder=()).output
    assert "the engine measures: strong_eps1 on 1000 images, then strong_eps1;" in output


def test_a_method_that_runs_out_of_networks_says_so(call):
    result = call("--trials", "30", "--sampler", "random", "--scheduler", "fifo")
    assert "engine random: 24 trials a search; it found no more networks to try" in result.output


def test_everything_is_written(call, tmp_path):
    out = tmp_path / "out.json"
    assert call("--trials", "20", "--out", str(out)).exception is None
    content = json.loads(out.read_text())
    assert {(run["method"], run["seed"]) for run in content["searches"]} == {
        (method, seed)
        for method in ("engine tpe", "Optuna TPE", "Hyperopt TPE", "random")
        for seed in (0, 1)
    }
    assert content["methods"][0]["method"] == content["goals"][0]["method"] == "engine tpe"
    assert len(content["goals"]) == 3
    for row in content["methods"]:  # the engine's repeats come on top of its trials
        searches = [run for run in content["searches"] if run["method"] == row["method"]]
        trials, repeats = (sum(run[name] for run in searches) for name in ("trials", "known"))
        proposals = trials + repeats if row["method"] == "engine tpe" else trials
        assert row["duplicates"] == repeats / proposals
    assert content["setup"]["ladder"]["rungs"][0] == {
        "metric": "weak_eps1",
        "images": 1000,
        "passes": 1.0,
    }


def test_a_row_for_each_search(call, tmp_path):
    out = tmp_path / "out.csv"
    assert call("--trials", "4", "--out", str(out)).exception is None
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 8
    assert {float(row["cost"]) for row in rows if row["method"] == "random"} == {4 * 110_000.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "strong_eps2"], "unknown column of toy.csv 'strong_eps2'"),
        (["--ladder", ""], "--ladder is empty"),
        (["--ladder", "weak_eps2"], "unknown column of toy.csv 'weak_eps2'"),
        (["--floor", "0.95"], "no network of toy.csv has clean accuracy of 0.95"),
        (["--sampler", "tpee"], "unknown sampler 'tpee'"),
        (["--sampler", "random,random"], "--sampler names one twice"),
        (["--sampler", ""], "--sampler is empty"),
        (["--scheduler", "ashe"], "unknown scheduler 'ashe'"),
        (["--prices", "weak=1"], "unknown attack of --prices 'strong'"),
        (["--out", "out.txt"], "end it in .json or .csv"),
        (["--out", "nowhere/out.json"], "there is no folder nowhere"),
    ],
)
def test_mistakes(call, options, message):
    error = call(*options).exception
    assert isinstance(error, UserError)
    assert message in str(error)
    assert "\n" not in str(error)


def test_networks_that_cannot_be_read(call, table):
    table.write_text("arch,clean,weak_eps1,strong_eps1\nresnet,0.9,0.5,0.4\n")
    result = call("--jobs", "2")
    assert "arch is 'resnet' in row 1" in str(result.exception)
    assert result.output == ""
