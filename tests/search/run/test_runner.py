"""Whole searches without Ray."""

import csv
import json
import shutil

import pytest
import toy_study
from rich.console import Console
from whole_runs import events_of, manifest_of, states_of

from search.plan import Plan
from search.record import writer
from search.run.runner import replay, run
from search.studies import STUDIES
from searchspace.errors import UserError


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
    assert failed[1]["reason"] == "robustness is nan after epoch 3"
    assert failed[2]["reason"] == "ValueError: cannot be [built]"
    assert "(ValueError: cannot be [built])" in printed


def test_the_time_limit_ends_a_search(run_toy):
    status, folder, _ = run_toy(settings={"epoch_s": 0.02}, trials=10_000, time_limit_s=3)
    states = states_of(folder)
    assert status == 0
    assert states["r01"] == "completed"
    assert list(states.values())[-1] in {"interrupted", "pruned", "completed"}
    assert manifest_of(folder)["status"] == "finished"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampler": "tp"}, "unknown sampler 'tp': did you mean tpe or gp?"),
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


def test_leaders_that_cannot_be_told_apart_get_more_seeds(run_toy):
    status, folder, printed = run_toy(trials=8, scheduler="fifo", race=2, seed=3)
    again = [e for e in events_of(folder) if e["event"] == "proposed" and e.get("repeats")]
    assert status == 0
    assert len(again) >= 4
    assert {e["seed"] for e in again} == {1, 2}
    assert "more trainings with other seeds" in printed
    assert "│ 3 seeds" in printed  # in the table, below "completed"
    assert manifest_of(folder)["winner"] in {e["repeats"] for e in again}
    seeds = json.loads((folder / "trials" / f"{again[0]['repeats']}.2" / "model.json").read_text())
    assert seeds["seed"] == 1


def test_a_trade_off_is_resumed_and_replayed(run_toy, take_up, toy):
    _, folder, _ = run_toy(trials=8, trade_off="size")
    assert take_up(folder, trials=12)[0] == 0
    assert replay(folder, lambda name: toy, Console(width=80)) == 0


def test_a_race_of_two_objectives_is_refused_when_resumed_too(run_toy, take_up):
    _, folder, _ = run_toy(trials=3, trade_off="size")
    with pytest.raises(UserError, match="--race needs one objective"):
        take_up(folder, race=2)


def test_a_search_ends_before_its_record_is_too_long_to_be_read(run_toy, take_up, toy, monkeypatch):
    monkeypatch.setattr(writer, "RECORD_BYTES", 40_000)
    status, folder, printed = run_toy(trials=500)
    assert status == 0
    assert "the record is full" in printed
    sampled = [name for name in states_of(folder) if name.startswith("t")]
    assert 3 < len(sampled) < 100
    assert 32_000 < (folder / "events.jsonl").stat().st_size < 40_000
    status, printed = take_up(folder, trials=600)
    assert (status, "--warm-start" in printed) == (0, True)
    assert [name for name in states_of(folder) if name.startswith("t")] == sampled
    assert replay(folder, lambda name: toy, Console(width=80)) == 0


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"sampler": "hyperopt", "trade_off": "size"}, "hyperopt knows one objective"),
        ({"race": 1, "trade_off": "size"}, "--race needs one objective"),
        ({"trade_off": "robustness"}, "robustness ranks already"),
        ({"metric": "robustness", "trade_off": "robustness"}, "robustness ranks already"),
        ({"trade_off": "sizes"}, "unknown metric 'sizes': did you mean size"),
    ],
)
def test_what_cannot_be_traded_off_is_told(run_toy, plan, message):
    with pytest.raises(UserError, match=message):
        run_toy(trials=2, **plan)


@pytest.mark.parametrize("option", ["metric", "trade_off"])
def test_a_metric_of_one_radius_needs_radii_that_are_named(tmp_path, option):
    """Radii that the run chooses are known only once two networks are trained."""
    plan = Plan(study="tsynd", run=tmp_path / "run", **{option: "ranking_pgd_bacc_eps4"})
    with pytest.raises(UserError, match="is of one radius, and --eps auto chooses the radii"):
        run(plan, STUDIES["tsynd"], Console())
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_removed_under_a_search_ends_it_in_a_line(run_toy, tmp_path, monkeypatch):
    """What trials share is gone with it, so none could be trained; the record begins anew."""
    whole_step = toy_study.Toy.step

    def step(trial):
        if trial.epoch == 4 and (tmp_path / "run" / "run.yaml").exists():
            shutil.rmtree(tmp_path / "run")
        whole_step(trial)

    monkeypatch.setattr(toy_study.Toy, "step", step)
    status, folder, printed = run_toy(trials=3)
    assert status == 1
    assert manifest_of(folder)["status"] == "failed"
    assert "shared.txt is missing: put it back from a copy, or start a new run" in " ".join(
        printed.split()
    )
