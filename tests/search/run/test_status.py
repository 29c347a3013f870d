"""How far a run is, as read from its folder."""

import json

import pytest
from rich.console import Console
from whole_runs import events_of, wait_for

from search.record.run_folder import RunFolder
from search.results.pulse import Pulse, write_pulse
from search.run.status import show
from searchspace.errors import UserError


@pytest.fixture
def shown(capsys):
    def of(folder):
        assert show(folder, Console(width=80)) == 0
        out = capsys.readouterr().out
        assert max(len(line) for line in out.splitlines() if "resume" not in line) <= 80
        return out

    return of


def test_a_finished_run(run_toy, shown):
    _, folder, _ = run_toy(trials=5, settings={"faults": ("raise",)})
    out = shown(folder)
    assert out.startswith("run: finished\n8/8 done | ")
    assert "1 failed" in out
    assert "best 0." in out
    assert "resume" not in out


def test_further_seeds_and_controls_are_in_both_numbers(run_toy, shown):
    _, folder, _ = run_toy(trials=5, seed_check=1)
    first, _, rest = shown(folder).splitlines()[1].partition("/")
    assert int(first) > 8
    assert rest.startswith(f"{first} done | ")
    assert "interval: over images and seeds" in shown(folder)


def test_a_run_that_goes_on_and_one_whose_process_died(start, shown, tmp_path):
    folder = tmp_path / "run"
    process = start(folder, trials=3, settings={"faults": ["hang"]})
    try:
        wait_for(
            lambda: (folder / "events.jsonl").exists() and events_of(folder)[-1]["trial"] == "r03",
            process,
        )
        assert shown(folder).startswith("run: running\n2/6 done | 1 running | 2 completed")
    finally:
        process.kill()
        process.communicate()
    out = shown(folder)
    assert out.startswith("run: died: no process of this machine works on it")
    assert f"go on with: python -m search resume {folder}" in out


def test_a_cell_of_a_table_samples_nothing_and_goes_on_with_its_table(run_toy, shown):
    _, folder, _ = run_toy(trials=5)
    file = RunFolder(folder).manifest
    values = json.loads(file.read_text())
    file.write_text(json.dumps(values | {"cell": True, "status": "interrupted"}))
    out = shown(folder)
    assert out.startswith("run: interrupted\n7 done | ")
    assert out.endswith("go on with: the command of its table\n")


def test_a_run_before_its_first_trial(run_toy, shown, tmp_path):
    _, folder, _ = run_toy(settings={"prepare_fault": "interrupt"})
    out = shown(folder)
    assert "no trial has started yet" in out
    assert f"go on with: python -m search resume {folder}" in out


def test_what_is_no_run_is_told(tmp_path, run_toy):
    with pytest.raises(UserError, match="there is no folder"):
        show(tmp_path / "nothing", Console())
    with pytest.raises(UserError, match="is not a run"):
        show(tmp_path, Console())
    _, folder, _ = run_toy(trials=2)
    events = (folder / "events.jsonl").read_text().splitlines()
    older = [{k: v for k, v in json.loads(e).items() if k != "elapsed_s"} for e in events]
    (folder / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in older))
    with pytest.raises(UserError, match="is not a run of this version"):
        show(folder, Console())


def test_a_running_trial_says_how_far_it_is(run_toy, shown):
    _, folder, _ = run_toy(trials=2)
    lines = (folder / "events.jsonl").read_text().splitlines(keepends=True)
    started = next(k for k, line in enumerate(lines) if json.loads(line)["event"] == "proposed")
    (folder / "events.jsonl").write_text("".join(lines[: started + 1]))
    write_pulse(RunFolder(folder).trial("r01"), Pulse(2, 3, 30.0))
    assert "r01 baseline: epoch 2, ~0:30 to its report at 3" in shown(folder)
    write_pulse(RunFolder(folder).trial("r01"), Pulse(3, 3, 30.0))
    assert "r01 baseline: epoch 3, trained, is being measured" in shown(folder)
