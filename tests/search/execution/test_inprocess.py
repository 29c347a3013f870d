"""Whole searches without Ray."""

import csv
import json
import subprocess
import sys

import optuna
import pytest
import toy_study
from rich.console import Console

from search.run.runner import replay
from searchspace.errors import UserError


def events_of(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def states_of(folder):
    with (folder / "trials.csv").open() as file:
        return {row["trial"]: row["state"] for row in csv.DictReader(file)}


def manifest_of(folder):
    text = (folder / "manifest.json").read_text()
    return json.loads(text, parse_constant=pytest.fail)


def test_a_search_leaves_a_whole_run_folder(run_toy):
    status, folder, printed = run_toy(trials=8, sampler="tpe")
    manifest = manifest_of(folder)
    assert status == 0
    assert manifest["status"] == "finished"
    assert [rung["epochs"] for rung in manifest["rungs"]] == [3, 9]
    assert manifest["objective"] == {
        "metric": "robustness",
        "direction": "max",
        "rungs": ["robustness", "robustness"],
        "other": None,
    }
    assert manifest["versions"]["optuna"].startswith("5.")
    best = json.loads((folder / "best" / "model.json").read_text())
    kept = json.loads((folder / "trials" / manifest["winner"] / "model.json").read_text())
    assert best == kept
    assert best["epoch"] == 9
    assert set(states_of(folder)) == {"r01", "r02", *(f"t{i:03d}" for i in range(1, 9))}
    assert "winner: " in printed
    assert "toy data [made] here" in printed
    assert max(len(line) for line in printed.splitlines()) <= 80 + len(str(folder))


def test_what_preparing_settles_holds_for_trials_and_for_those_who_come_later(run_toy, take_up):
    """Where nothing may be worse than the baseline, some trials miss it that else would not."""
    _, folder, printed = run_toy(trials=8, settings={"settled_slack": 0.0})
    assert manifest_of(folder)["settings"]["slack"] == 0.0
    assert "relative_floor" in printed
    take_up(folder, trials=16)
    barred = [
        event["trial"]
        for event in events_of(folder)
        if event["event"] == "reported" and event["constraints"]["relative_floor"] > 0
    ]
    assert any(trial > "t008" for trial in barred)
    assert "relative_floor" not in run_toy("loose", trials=8)[2]


def test_the_table_is_what_the_events_say(run_toy):
    _, folder, _ = run_toy(trials=5)
    with (folder / "trials.csv").open() as file:
        rows = {row["trial"]: row for row in csv.DictReader(file)}
    events = events_of(folder)
    for row in rows.values():
        mine = [event for event in events if event.get("trial") == row["trial"]]
        last = [event for event in mine if event["event"] == "reported"][-1]
        assert float(row["value"]) == last["value"] == last["metrics"]["robustness"]
        assert int(row["epoch"]) == last["epoch"]
        assert float(row["low.robustness"]) == last["intervals"]["robustness"][0]
        assert row["config.kind"] == mine[0]["config"]["kind"]
        assert mine[-1]["state"] == row["state"]


def test_the_winner_is_the_best_of_the_toy_that_ran_to_the_end(run_toy):
    _, folder, _ = run_toy(trials=10, scheduler="fifo", seed=3)
    proposed = [event for event in events_of(folder) if event["event"] == "proposed"]
    best = max(proposed, key=lambda event: toy_study.quality(event["config"]))
    assert manifest_of(folder)["winner"] == best["trial"]


def test_same_seed_same_search(run_toy):
    def configs(name, seed):
        _, folder, _ = run_toy(name, trials=9, seed=seed)
        return [e["config"] for e in events_of(folder) if e["event"] == "proposed"]

    assert configs("a", 1) == configs("b", 1)
    assert configs("c", 1) != configs("d", 2)


def test_failures_do_not_end_the_search(run_toy):
    faults = ("raise", "nan", "build")
    status, folder, printed = run_toy(settings={"faults": faults, "bad_above": 0.5}, trials=8)
    states = states_of(folder)
    assert status == 0
    assert [states[name] for name in ("r03", "r04", "r05")] == ["failed"] * 3
    failed = [e for e in events_of(folder) if e.get("state") == "failed"]
    assert failed[0]["reason"] == "RuntimeError: x = 0.000 is too much"
    assert "in _fault" in failed[0]["trace"]
    assert failed[1]["reason"] == "robustness is nan after 3 epochs"
    assert failed[2]["reason"] == "ValueError: cannot be [built]"
    assert "(ValueError: cannot be [built])" in printed


def test_without_a_winner_it_says_so(run_toy):
    status, folder, printed = run_toy(settings={"floor": 2.0}, trials=2)
    assert status == 1
    assert "no winner: no trial reached the last rung and met its constraints" in printed
    assert not (folder / "best").exists()
    assert manifest_of(folder)["winner"] is None


def test_an_interrupted_search_ranks_what_is_finished(run_toy):
    status, folder, printed = run_toy(settings={"faults": ("interrupt",)})
    assert status == 130
    assert states_of(folder) == {"r01": "completed", "r02": "completed", "r03": "interrupted"}
    assert manifest_of(folder)["status"] == "interrupted"
    assert "winner: r02 paper" in printed


def test_interrupted_before_the_first_trial(run_toy):
    status, folder, printed = run_toy(settings={"prepare_fault": "interrupt"})
    assert status == 130
    assert manifest_of(folder)["status"] == "interrupted"
    assert "before the first trial" in printed


def test_the_time_limit_ends_a_search(run_toy):
    status, folder, _ = run_toy(settings={"epoch_s": 0.02}, trials=10_000, time_limit_s=0.5)
    states = states_of(folder)
    assert status == 0
    assert states["r01"] == "completed"
    assert list(states.values())[-1] in {"interrupted", "pruned", "completed"}
    assert manifest_of(folder)["status"] == "finished"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampler": "tp"}, "unknown sampler 'tp': did you mean tpe?"),
        ({"scheduler": "ashe"}, "unknown scheduler 'ashe': did you mean asha?"),
        ({"metric": "robustnes"}, "unknown metric 'robustnes': did you mean robustness?"),
    ],
)
def test_unknown_names_the_nearest_and_leaves_nothing_behind(run_toy, tmp_path, options, message):
    with pytest.raises(UserError) as caught:
        run_toy(**options)
    assert str(caught.value) == message
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").iterdir())


def test_few_references_are_the_essential_ones(run_toy):
    _, folder, _ = run_toy(references="few", trials=1)
    assert set(states_of(folder)) == {"r01", "t001"}


def test_nothing_imports_ray(tmp_path, child_environment):
    code = (
        "import sys\n"
        "sys.modules['ray'] = None  # importing it raises\n"
        "from toy_main import main\n"
        "status = main()\n"
        "assert not [name for name in sys.modules if name.startswith('ray.')]\n"
        "sys.exit(status)\n"
    )
    plan = {"study": "toy", "trials": 2, "in_process": True, "run": str(tmp_path / "run")}
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(plan)],
        env=child_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert manifest_of(tmp_path / "run")["status"] == "finished"


def test_leaders_that_cannot_be_told_apart_get_more_seeds(run_toy):
    status, folder, printed = run_toy(trials=8, scheduler="fifo", race=2, seed=3)
    again = [e for e in events_of(folder) if e["event"] == "proposed" and e.get("repeats")]
    assert status == 0
    assert len(again) >= 4
    assert {e["seed"] for e in again} == {1, 2}
    assert "more trainings with other seeds" in printed
    assert "completed, 3 seeds" in printed
    assert manifest_of(folder)["winner"] in {e["repeats"] for e in again}
    seeds = json.loads((folder / "trials" / f"{again[0]['repeats']}.2" / "model.json").read_text())
    assert seeds["seed"] == 1


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_two_metrics_end_in_a_front(run_toy, sampler):
    """Robustness against size, which grows with x, as robustness does up to a point."""
    status, folder, printed = run_toy(trials=15, sampler=sampler, trade_off="size", seed=1)
    manifest = manifest_of(folder)
    assert status == 0
    assert manifest["objective"]["other"] == {"metric": "size", "direction": "min"}
    with (folder / "trials.csv").open() as file:
        rows = {row["trial"]: row for row in csv.DictReader(file) if row["state"] == "completed"}
    points = {
        name: (float(row["metric.robustness"]), -float(row["metric.size"]))
        for name, row in rows.items()
    }
    front = {
        name
        for name, (a, b) in points.items()
        if not any(c >= a and d >= b and (c, d) != (a, b) for c, d in points.values())
    }
    assert set(manifest["front"]["trials"]) == front
    assert len(front) > 1
    assert manifest["winner"] in front
    assert manifest["front"]["hypervolume"] > 0
    assert "Pareto front of robustness and size:" in printed
    study = optuna.load_study(
        study_name="toy",
        storage=optuna.storages.JournalStorage(
            optuna.storages.journal.JournalFileBackend(str(folder / "study.journal"))
        ),
    )
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    best = {trial.user_attrs["trial"] for trial in study.best_trials}
    assert best <= front


def test_a_trade_off_is_resumed_and_replayed(run_toy, take_up, toy):
    _, folder, _ = run_toy(trials=8, trade_off="size")
    assert take_up(folder, trials=12)[0] == 0
    assert replay(folder, lambda name: toy, Console(width=80)) == 0


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"sampler": "hyperopt", "trade_off": "size"}, "hyperopt knows one objective"),
        ({"race": 1, "trade_off": "size"}, "--race needs one objective"),
        ({"trade_off": "sizes"}, "unknown metric 'sizes': did you mean size"),
    ],
)
def test_what_cannot_be_traded_off_is_told(run_toy, plan, message):
    with pytest.raises(UserError, match=message):
        run_toy(trials=2, **plan)
