"""What is settled once, before the first trial."""

import json
from unittest.mock import Mock

import pytest
import toy_study
from rich.console import Console
from whole_runs import check_whole, events_of, manifest_of

from search.execution import machine
from search.execution.machine import SHARE
from search.execution.memory import PROCESS_GIB
from search.run.runner import replay
from searchspace.errors import UserError
from trainables.runtime.memory import GIB
from trainables.study.study import Facts


@pytest.fixture(autouse=True)
def sixteen_gib(monkeypatch):
    monkeypatch.setattr(machine, "machine_bytes", lambda: 16 * GIB)


def test_what_preparing_settles_holds_for_trials_and_for_those_who_come_later(run_toy, take_up):
    """Where nothing may be worse than the baseline, some trials miss it that else would not."""
    _, folder, printed = run_toy(trials=8, settings={"settled_slack": 0.0})
    assert manifest_of(folder)["settings"]["slack"] == 0.0
    assert "relative floor missed" in printed
    take_up(folder, trials=16)
    barred = [
        event["trial"]
        for event in events_of(folder)
        if event["event"] == "reported" and event["constraints"].get("relative_floor", 0.0) > 0
    ]
    assert any(trial > "t008" for trial in barred)
    assert "relative floor missed" not in run_toy("loose", trials=8)[2]


def test_interrupted_before_the_first_trial(run_toy):
    status, folder, printed = run_toy(settings={"prepare_fault": "interrupt"})
    assert status == 130
    assert manifest_of(folder)["status"] == "interrupted"
    assert f"stopped before the first trial: python -m search resume {folder}" in printed


def test_a_new_run_that_cannot_be_prepared_leaves_its_folder_empty(run_toy, tmp_path):
    with pytest.raises(UserError, match="the data cannot be read"):
        run_toy(settings={"prepare_fault": "mistake"})
    assert list((tmp_path / "run").iterdir()) == []


@pytest.fixture
def asked(monkeypatch):
    """Let the toy keep one item as test, and record what it is asked."""
    calls = []

    def check_apart(study, assets, items):
        assert (assets / "shared.txt").exists()
        calls.append(items)
        if "tested" in items:
            raise UserError("1 of 1 test subjects of this run trained")

    monkeypatch.setattr(toy_study.ToyStudy, "check_apart", check_apart)
    return calls


def test_what_earlier_runs_used_is_no_test_and_nothing_is_left_behind(
    run_toy, tmp_path, asked, monkeypatch
):
    monkeypatch.setattr(toy_study.Toy, "step", lambda _: pytest.fail("something trained"))
    with pytest.raises(UserError, match=r"^1 of 1 test subjects of this run trained$"):
        run_toy(earlier_items=("else", "tested"))
    assert list((tmp_path / "run").iterdir()) == []
    assert asked == [("else", "tested")]


def test_a_run_that_starts_from_none_is_not_asked(run_toy, asked):
    assert run_toy(trials=1)[0] == 0
    assert asked == []
    assert run_toy("after", trials=1, earlier_items=("else",))[0] == 0
    assert asked == [("else",)]


def test_a_run_that_is_prepared_when_it_is_taken_up_is_compared_then(
    run_toy, take_up, asked, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(toy_study.ToyStudy, "prepare", Mock(side_effect=KeyboardInterrupt))
        _, folder, _ = run_toy(trials=1, earlier_items=("else",))
    assert asked == []
    assert take_up(folder)[0] == 0
    assert asked == [("else",)]


def test_what_the_user_puts_there_meanwhile_is_not_removed(run_toy, tmp_path, monkeypatch):
    """Then nothing is: the manifest says that the run failed."""

    def prepare(study, settings, assets, say):
        (assets.parent / "notes.txt").write_text("mine")
        raise UserError("the data cannot be read")

    monkeypatch.setattr(toy_study.ToyStudy, "prepare", prepare)
    with pytest.raises(UserError, match="the data cannot be read"):
        run_toy()
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"
    assert manifest_of(tmp_path / "run")["status"] == "failed"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left on device"), "no space left for "),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "no space left for "),
        (OSError(5, "Input/output error"), "the disk fails: "),
    ],
)
def test_a_disk_that_fails_while_a_run_is_prepared_is_no_defect_of_ours(
    run_toy, tmp_path, monkeypatch, error, message
):
    def prepare(study, settings, assets, say):
        raise error

    monkeypatch.setattr(toy_study.ToyStudy, "prepare", prepare)
    with pytest.raises(UserError, match=f"^{message}"):
        run_toy()
    assert not list((tmp_path / "run").iterdir())  # the same command can be given again


def test_a_run_that_is_taken_up_is_never_removed(run_toy, take_up, monkeypatch):
    """Somebody's own files lie beside a manifest, whose preparation fails: all of them stay."""
    _, folder, _ = run_toy(settings={"prepare_fault": "interrupt"})

    def prepare(study, settings, assets, say):
        raise UserError("the data cannot be read")

    monkeypatch.setattr(toy_study.ToyStudy, "prepare", prepare)
    own = {name: folder / name for name in ("thesis/1.tex", "pictures/me.png", ".ray/token", "a")}
    for name, file in own.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(name)
    with pytest.raises(UserError, match="the data cannot be read"):
        take_up(folder)
    assert {name: file.read_text() for name, file in own.items()} == {name: name for name in own}
    assert manifest_of(folder)["status"] == "interrupted"


def test_assets_of_unknown_origin_are_not_prepared_over(run_toy, take_up):
    _, folder, _ = run_toy(settings={"prepare_fault": "interrupt"})
    (folder / "assets" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="assets holds files, but the run was not prepared"):
        take_up(folder)
    assert (folder / "assets" / "mine.txt").read_text() == "mine"


def test_assets_of_a_process_that_died_before_it_wrote_down_all_else_are_made_anew(
    run_toy, take_up, monkeypatch
):
    """The power was cut between two lines; the run could not be taken up."""

    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("search.run.preparation.sync_folder", cut)
        _, folder, _ = run_toy(trials=2)
    assert (folder / "assets" / "shared.txt").exists()
    assert manifest_of(folder).get("objective") is None
    assert take_up(folder)[0] == 0
    check_whole(folder, 2)


def test_a_preparation_that_died_is_made_anew(run_toy, take_up, monkeypatch):
    _, folder, _ = run_toy(settings={"prepare_fault": "interrupt"})
    (folder / ".assets.new" / "half.txt").write_text("half of it")

    def prepare(study, settings, assets, say):
        (assets / "shared.txt").write_text("shared")
        return Facts(digests={}, lines=("toy data",), default_metric="robustness")

    monkeypatch.setattr(toy_study.ToyStudy, "prepare", prepare)
    assert take_up(folder)[0] == 0
    assert [file.name for file in (folder / "assets").iterdir()] == ["shared.txt"]


class Sized(toy_study.Settings):
    """The toy's, with a limit: a trial takes 1 GiB and its x."""

    max_memory: float | str | None = "auto"


@pytest.fixture
def sized(monkeypatch):
    def limits(study, config, settings):
        gib = settings.max_memory
        return {} if gib is None else {"max_memory": (1 + config["x"]) / gib - 1}

    monkeypatch.setattr(toy_study.ToyStudy, "settings", Sized)
    monkeypatch.setattr(toy_study.ToyStudy, "limits", limits)


def test_the_limit_is_settled_recorded_and_kept(run_toy, take_up, sized, monkeypatch):
    """A machine of other memory takes the run up, and refuses by the limit that it began with."""
    monkeypatch.setattr(machine, "machine_bytes", lambda: int((1.2 + PROCESS_GIB) / SHARE * GIB))
    status, folder, said = run_toy(trials=4)
    assert status == 0
    assert manifest_of(folder)["settings"]["max_memory"] == pytest.approx(1.2)
    assert "memory of a trial: at most 1.2 GiB as predicted" in said
    assert "left out, as it needs more memory than a trial has: paper" in said  # 1.5 GiB
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    refused = [e["config"]["x"] for e in events if e["event"] == "refused"]
    tried = [e["config"]["x"] for e in events if e["event"] == "proposed"]
    assert refused
    assert min(refused) > 0.2 >= max(tried)
    assert {e["label"] for e in events if e["event"] == "proposed"} == {"", "baseline"}

    monkeypatch.setattr(machine, "machine_bytes", lambda: 16 * GIB)
    status, said = take_up(folder, trials=12)
    assert status == 0
    assert manifest_of(folder)["settings"]["max_memory"] == pytest.approx(1.2)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert max(e["config"]["x"] for e in events if e["event"] == "proposed") <= 0.2


def test_a_run_whose_baseline_does_not_fit_is_refused_and_its_folder_given_back(run_toy, sized):
    with pytest.raises(UserError, match=r"'baseline' is predicted to need 2 times the 0\.5 GiB"):
        run_toy(settings={"max_memory": 0.5})
    assert run_toy(settings={"max_memory": None})[0] == 0


def test_replay_knows_the_limit(run_toy, sized, toy, monkeypatch):
    monkeypatch.setattr(machine, "machine_bytes", lambda: int((1.2 + PROCESS_GIB) / SHARE * GIB))
    _, folder, _ = run_toy(trials=6)
    monkeypatch.setattr(machine, "machine_bytes", lambda: 16 * GIB)
    assert replay(folder, lambda name: toy, Console(width=80)) == 0
