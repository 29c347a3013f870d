"""From what is typed, and a file, to plans."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import toy_study
from rich.console import Console
from typer.testing import CliRunner

from search.cli.app import app
from search.cli.launch import launch
from search.exit_status import FAILED
from search.run.runner import resume
from search.storage.depot import SHARED
from search.storage.openings import Opening, count_opening, openings_of
from searchspace.errors import UserError


@pytest.fixture
def launched(monkeypatch):
    """Record the plans that would be run; runs end as a test says."""
    plans, ends = [], []

    def run(plan, study, console):
        plans.append(plan)
        return ends.pop(0) if ends else 0

    monkeypatch.setattr("search.run.runner.run", run)

    def invoke(*words):
        result = CliRunner().invoke(app, ["robmednas", *words], standalone_mode=False)
        if result.exception:
            raise result.exception
        return result.return_value, plans

    invoke.ends = ends
    return invoke


def test_a_search_is_one_run_by_default(launched):
    _, plans = launched("--run", "here", "--size", "96")
    (plan,) = plans
    assert plan.study == "robmednas"
    assert (plan.trials, plan.scheduler, plan.run, plan.seed) == (20, "asha", Path("here"), 0)
    assert plan.settings == {"size": 96, "seed": 0}


@pytest.mark.parametrize("option", ["--protocol", "--preset"])
def test_the_papers_preset_is_fifteen_searches_of_two_hundred(launched, option):
    _, plans = launched(option, "paper")
    assert len(plans) == 15
    assert {plan.trials for plan in plans} == {200}
    assert {plan.scheduler for plan in plans} == {"fifo"}
    assert [plan.seed for plan in plans] == list(range(15))
    assert [plan.settings["seed"] for plan in plans] == list(range(15))


def test_what_is_given_counts_more_than_the_preset(launched):
    words = ("--protocol", "paper", "--trials", "3", "--repeats", "1", "--scheduler", "asha")
    _, plans = launched(*words)
    assert [(plan.trials, plan.scheduler) for plan in plans] == [(3, "asha")]


def test_a_default_that_is_typed_is_given(launched):
    """20 trials are the default, but with the paper's preset they have to be said."""
    _, (plan,) = launched("--preset", "paper", "--trials", "20", "--repeats", "1")
    assert plan.trials == 20


def test_repeats_go_into_folders_of_their_own_with_other_seeds_and_the_same_data(launched):
    _, plans = launched("--run", "runs/x", "--repeats", "3", "--seed", "5", "--data-seed", "7")
    assert [plan.run for plan in plans] == [Path("runs", f"x-{number}") for number in (1, 2, 3)]
    assert [plan.seed for plan in plans] == [5, 6, 7]
    assert {plan.settings["data_seed"] for plan in plans} == {7}


def test_an_interrupted_search_is_the_last(launched):
    launched.ends[:] = [0, 130]
    status, plans = launched("--repeats", "5")
    assert (status, len(plans)) == (130, 2)


def test_the_worst_end_of_all_is_the_commands(launched):
    launched.ends[:] = [0, FAILED, 0]
    status, plans = launched("--repeats", "3")
    assert (status, len(plans)) == (FAILED, 3)


def test_the_command_line_counts_more_than_the_file_and_the_file_more_than_the_preset(
    launched, tmp_path
):
    file = tmp_path / "run.yaml"
    file.write_text("preset: paper\ntrials: 7\nepochs: 3\nsize: 96\nrepeats: 2\nin_process: true\n")
    _, plans = launched("--config", str(file), "--epochs", "4", "--on-ray")
    assert len(plans) == 2
    assert [(plan.trials, plan.scheduler, plan.in_process) for plan in plans] == [
        (7, "fifo", False)
    ] * 2
    assert plans[1].settings == {"protocol": "paper", "epochs": 4, "size": 96, "seed": 1}


def test_configs_to_try_first_may_stand_in_the_file(launched, tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text("first:\n- depth: 1\n- {depth: 2}\n")
    _, (plan,) = launched("--config", str(file))
    assert plan.first == ({"depth": 1}, {"depth": 2})


def test_paths_of_data_are_absolute_for_workers_elsewhere(launched, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.yaml").write_text("data: heads\n")
    launched("--config", "run.yaml")
    _, plans = launched("--data", "heads")
    assert [plan.settings["data"] for plan in plans] == [tmp_path / "heads"] * 2


def test_a_wrong_value_in_the_file_is_one_line(launched, tmp_path):
    file = tmp_path / "run.yaml"
    for line, message in {
        "trials: many": "trials is 'many': Input should be a valid integer",
        "trials: [1]": "trials is [1]: Input should be a valid integer",
        "repeats: 0": "repeats is 0: Input should be greater than 0",
        "seed: -1": "seed is -1",
        "references: some": "references is 'some'",
    }.items():
        file.write_text(line)
        with pytest.raises(UserError) as error:
            launched("--config", str(file))
        assert str(error.value).startswith(message)


def test_a_run_writes_the_file_that_repeats_it(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("first.json").write_text('[{"x": 0.25, "lr": 0.1, "kind": "b"}]')
    Path("faults.yaml").write_text("faults: [raise]\nepochs: 3\n")
    options = {"trials": 3, "seed": 4, "sampler": "random", "in_process": True}
    options |= {"first": Path("first.json"), "run": Path("a")}
    assert launch("toy", toy, options, Path("faults.yaml")) == 0
    Path("first.json").unlink()
    assert launch("toy", toy, {"run": Path("b")}, Path("a/run.yaml")) == 0
    before, after = (_events(tmp_path / name) for name in "ab")
    assert before == after
    assert len(before) > 10


def test_what_a_run_starts_from_is_never_its_test_nor_that_of_its_file(toy, tmp_path, monkeypatch):
    """The file holds the configs of the earlier run, and so what that run used."""
    monkeypatch.chdir(tmp_path)

    def check_apart(study, assets, items):
        raise UserError(f"compared with {', '.join(items)}")

    monkeypatch.setattr(toy_study.ToyStudy, "used_items", lambda _, assets: (assets.parent.name,))
    options = {"trials": 1, "in_process": True}
    assert launch("toy", toy, options | {"run": Path("a")}, None) == 0
    warm = {"warm_start": (Path("a"),)}
    assert launch("toy", toy, options | warm | {"run": Path("b")}, None) == 0
    monkeypatch.setattr(toy_study.ToyStudy, "check_apart", check_apart)
    with pytest.raises(UserError, match=r"^compared with a$"):
        launch("toy", toy, options | warm | {"run": Path("c")}, None)
    with pytest.raises(UserError, match=r"^compared with a$"):
        launch("toy", toy, {"run": Path("d")}, Path("b/run.yaml"))
    with pytest.raises(UserError, match=r"^compared with a, b$"):
        launch("toy", toy, options | {"warm_start": (Path("b"),), "run": Path("e")}, None)
    assert not any(path.exists() and list(path.iterdir()) for path in map(Path, "cde"))


@pytest.mark.parametrize("name", ["items", "openings"])
def test_what_earlier_runs_used_or_opened_is_a_list_of_digests(launched, tmp_path, name):
    file = tmp_path / "run.yaml"
    for value in ("3", "[[1]]", f"[{'a' * 200}]"):
        file.write_text(f"earlier_{name}: {value}\n")
        with pytest.raises(UserError, match=rf"earlier.{name}"):
            launched("--config", str(file))


def test_openings_go_with_what_a_run_starts_from(toy, tmp_path, monkeypatch):
    """With the run's file, too, and once: the run that it is from may be named as well."""
    monkeypatch.chdir(tmp_path)
    options, warm = {"trials": 1, "in_process": True}, {"warm_start": (Path("a"),)}
    assert launch("toy", toy, options | {"run": Path("a")}, None) == 0
    opening = Opening(identity="confirm", folder=Path("a/confirm"), winner="t01")
    count_opening(Path("a"), opening, SHARED)
    assert launch("toy", toy, options | warm | {"run": Path("b")}, None) == 0
    assert launch("toy", toy, {"run": Path("c")}, Path("b/run.yaml")) == 0
    assert launch("toy", toy, warm | {"run": Path("d")}, Path("b/run.yaml")) == 0
    for name in "bcd":
        assert openings_of(Path(name)) == openings_of(Path("a"))
        assert count_opening(Path(name), replace(opening, identity="own"), SHARED) == 2
        assert resume(name, {"trials": 2}, lambda _: toy, Console()) == 0
        assert len(openings_of(Path(name))) == 2


def _events(run):
    lines = (run / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    timeless = {"time", "elapsed_s", "seconds"}
    return [{key: event[key] for key in event.keys() - timeless} for event in events]
