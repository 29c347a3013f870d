"""Whole searches on an S3 server: run, seen from elsewhere, killed, taken up elsewhere."""

import json
import shutil
import signal
import threading
import time
from pathlib import Path

import fsspec
import pytest
from pyarrow.fs import FSSpecHandler, PyFileSystem
from rich.console import Console
from s3 import Server
from whole_runs import check_whole, events_of, manifest_of, wait_for, without_times

from search.confirmation.confirm import confirm
from search.confirmation.plan import ConfirmPlan
from search.run.runner import replay
from search.run.status import show
from search.storage import store as stores
from search.storage.runs import new_folder
from search.storage.store import Store, parse_uri
from searchspace.errors import UserError


@pytest.fixture
def storage(server, request):
    return server.uri(request.node.name.replace("[", "-").replace("]", ""))


def store_of(storage, name="run") -> Store:
    return Store(storage).child(name)


def test_a_run_on_s3_is_the_run_of_a_folder_and_leaves_all_of_it_there(run_toy, storage, tmp_path):
    status, folder, _ = run_toy(trials=4, storage=storage)
    assert status == 0
    run_toy("local", trials=4)
    assert without_times(events_of(folder)) == without_times(events_of(tmp_path / "local"))
    store = store_of(storage)
    for file in ("events.jsonl", "trials.csv", "study.journal", "manifest.json", "run.yaml"):
        assert store.read(file) == (folder / file).read_bytes(), file
    winner = manifest_of(folder)["winner"]
    assert store.read("best/model.json") == store.read(f"trials/{winner}/model.json")
    names = store.names("")
    assert {"assets/shared.txt", "pictures/1-greys.npz"} <= set(names)
    assert not [name for name in names if name.startswith(("events/", "lease", "probe"))]
    assert not [name for name in names if "checkpoint" in name], "ended trials need none"


def test_credentials_are_nowhere(run_toy, storage, capsys):
    _, folder, printed = run_toy(trials=1, storage=storage)
    store = store_of(storage)
    contents = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    contents += [store.read(name) for name in store.names("")]
    assert not [text for text in [*contents, printed.encode()] if b"tests-secret" in text]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Another machine: another current folder, another cache."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return folder


def killed_in_the_middle(start, storage, folder, **plan):
    """Start a run, and kill it once the storage knows of trials that have ended."""
    process = start(folder, storage=storage, **plan)
    store = store_of(storage, folder.name)

    def ends_are_stored():
        pieces = [store.read(f"events/{name}") or b"" for name in store.names("events")]
        return b"".join(pieces).count(b'"event": "ended"') >= 2

    wait_for(ends_are_stored, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_killed_run_goes_on_elsewhere_as_if_nothing_had_come_between(
    start, take_up, run_toy, toy, storage, tmp_path, elsewhere, capsys
):
    """The machine is lost with its disk; what its storage holds is enough."""
    settings = {"epoch_s": 0.3}
    killed_in_the_middle(start, storage, tmp_path / "run", trials=6, settings=settings)
    address = str(storage).replace("?", "/run?")
    assert show(address, Console(width=80)) == 0
    output = capsys.readouterr().out
    assert output.startswith("run: running on ")  # for a minute nobody else can tell
    shutil.rmtree(tmp_path / "run")
    status, printed = take_up(address)
    assert status == 0, printed
    folder = elsewhere / "runs" / "run"
    check_whole(folder, 6)
    assert store_of(storage).read("events.jsonl") == (folder / "events.jsonl").read_bytes()
    assert not store_of(storage).names("events")
    run_toy("undisturbed", trials=6, settings=settings)
    configs = [e["config"] for e in events_of(folder, "proposed")]
    assert configs == [e["config"] for e in events_of(tmp_path / "undisturbed", "proposed")]
    assert replay(address, lambda name: toy, Console(width=80)) == 0
    assert show(address, Console(width=80)) == 0
    assert "run: finished\n8/8 done" in capsys.readouterr().out


def test_a_finished_run_is_extended_elsewhere_and_its_first_folder_is_then_behind(
    run_toy, take_up, storage, elsewhere
):
    _, folder, _ = run_toy(trials=2, storage=storage)
    address = storage.replace("?", "/run?")
    assert take_up(address, trials=4)[0] == 0
    check_whole(elsewhere / "runs" / "run", 4)
    contents = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    with pytest.raises(UserError, match="another machine has gone on with s3://lab/"):
        take_up(folder, trials=6)
    assert {file: file.read_bytes() for file in contents} == contents
    assert take_up(elsewhere / "runs" / "run", trials=5)[0] == 0, "the other folder is not"


def test_a_run_that_goes_on_is_not_taken_up_elsewhere(start, take_up, storage, tmp_path, elsewhere):
    process = start(tmp_path / "run", storage=storage, trials=1, settings={"faults": ["hang"]})
    store = store_of(storage)
    try:
        wait_for(lambda: store.read("manifest.json") is not None and store.names("events"), process)
        with pytest.raises(UserError, match="is running on "):
            take_up(storage.replace("?", "/run?"))
    finally:
        process.kill()
        process.communicate()


def test_a_name_that_is_taken_is_refused_and_nothing_is_written(run_toy, storage, tmp_path):
    run_toy(trials=1, storage=storage)
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(UserError, match="holds a run already: name a new one"):
        run_toy(trials=1, storage=storage)
    assert not (tmp_path / "run").exists()
    assert store_of(storage).read("lease.json") is None


def test_another_run_of_that_name_is_not_overwritten(run_toy, take_up, storage, elsewhere):
    run_toy(trials=1, storage=storage)
    (elsewhere / "runs" / "run").mkdir(parents=True)
    (elsewhere / "runs" / "run" / "notes.txt").touch()
    with pytest.raises(UserError, match="is another run than s3://lab/"):
        take_up(storage.replace("?", "/run?"))


@pytest.fixture
def memory(monkeypatch):
    """Stand in for Google's storage, which has no server to test against.

    What is checked is that only pyarrow's common interface is used, not Google's answers.
    """
    files = PyFileSystem(FSSpecHandler(fsspec.filesystem("memory")))
    monkeypatch.setattr(stores, "_open", lambda uri: files)
    yield
    fsspec.filesystem("memory").rm("/", recursive=True)


def test_a_run_is_stored_taken_up_and_fetched(memory, run_toy, take_up, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_toy(trials=2, storage="gs://lab/runs")[0] == 0
    assert take_up("gs://lab/runs/run", trials=4)[0] == 0
    check_whole(tmp_path / "runs" / "run", 4)
    assert (
        parse_uri("gs://lab/runs/run").read("events.jsonl")
        == (tmp_path / "runs" / "run" / "events.jsonl").read_bytes()
    )


def test_storage_that_is_a_folder_holds_the_run_folder():
    default = Path("runs/toy-1")
    assert new_folder("/nfs/runs", None, default) == Path("/nfs/runs/toy-1")
    assert new_folder("file:///nfs/runs", Path("first"), default) == Path("/nfs/runs/first")
    assert new_folder("s3://lab/x", Path("runs/first"), default) == Path("runs/first")
    assert new_folder(None, None, default) == default
    with pytest.raises(UserError, match="give --run a name alone"):
        new_folder("/nfs/runs", Path("runs/first"), default)


def test_the_endpoint_dies_in_the_middle_and_the_run_goes_on_once_it_is_back(
    run_toy, take_up, mortal, tmp_path, impatient
):
    """Nothing that had ended is lost or done again; one line says what to do."""
    folder = tmp_path / "run"

    def stop_in_the_middle():
        while not ((folder / "events.jsonl").exists() and events_of(folder, "ended")):
            time.sleep(0.02)
        mortal.stop()

    killer = threading.Thread(target=stop_in_the_middle)
    killer.start()
    with pytest.raises(UserError) as error:
        run_toy(trials=4, storage=mortal.uri("x"), settings={"epoch_s": 0.1})
    killer.join()
    message = str(error.value)
    assert message.startswith("s3://lab/x/run: does not answer: look at the network")
    assert message.endswith(f"python -m search resume {folder}")
    assert manifest_of(folder)["status"] == "failed"
    finished = [e for e in events_of(folder, "ended") if e["state"] != "interrupted"]
    assert finished
    revived = Server(mortal.port)  # with the objects of the first, which this process holds
    try:
        assert take_up(folder)[0] == 0
        assert (
            Store(mortal.uri("x")).read("run/events.jsonl")
            == (folder / "events.jsonl").read_bytes()
        )
    finally:
        revived.stop()
    check_whole(folder, 4)
    again = [e for e in events_of(folder, "ended") if e["state"] != "interrupted"]
    assert again[: len(finished)] == finished


def test_the_winner_is_confirmed_elsewhere(run_toy, toy, storage, elsewhere, capsys):
    run_toy(trials=4, storage=storage)
    address = storage.replace("?", "/run?")
    find, console = (lambda name: toy), Console(width=80)
    assert confirm(address, ConfirmPlan(top=2, seeds=2), None, {}, find, console) == 0
    capsys.readouterr()
    folder, store = elsewhere / "runs" / "run", store_of(storage)
    names = ["confirm/confirm.json", "test_openings.json", "confirm/best/robustness.json"]
    for name in [*names, "confirm/training/events.jsonl"]:
        assert store.read(name) == (folder / name).read_bytes()
    shutil.rmtree(folder)
    assert confirm(address, ConfirmPlan(top=2, seeds=2), None, {}, find, console) == 0
    printed = capsys.readouterr().out
    assert "attacking" not in printed, "what was done on another machine is not done again"
    assert json.loads(store.read("test_openings.json"))[1:] == []
