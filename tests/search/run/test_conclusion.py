"""What is said and written at the end of a search."""

import csv

import optuna
import pytest
import toy_study
from whole_runs import events_of, manifest_of, states_of


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


def test_the_winner_is_the_best_of_the_toy_that_ran_to_the_end(run_toy):
    _, folder, _ = run_toy(trials=10, scheduler="fifo", seed=3)
    proposed = [event for event in events_of(folder) if event["event"] == "proposed"]
    best = max(proposed, key=lambda event: toy_study.quality(event["config"]))
    assert manifest_of(folder)["winner"] == best["trial"]
