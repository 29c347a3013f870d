"""A stranger's bucket is data: what its names and listings say leads nowhere else."""

import hashlib
import json

import fsspec
import pytest
from forgeries import DEEP, ESCAPES
from pyarrow.fs import FSSpecHandler, PyFileSystem
from rich.console import Console

from search.confirmation.confirm import confirm
from search.confirmation.plan import ConfirmPlan
from search.run.runner import replay, resume
from search.run.status import show
from search.storage import depot
from search.storage import store as stores
from search.storage.depot import LISTING, keep_folder
from search.storage.store import parse_uri
from search.study import StudyRow
from searchspace.errors import UserError

ADDRESS = "gs://lab/runs/run"
TOY = StudyRow("toy", "a toy", "toy_study:ToyStudy")
CONFIRMATION = ConfirmPlan(top=1, seeds=1, attacks="quick")
CONTENT = b"the stranger's bytes"
ENTRY = {"size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}


@pytest.fixture
def store(monkeypatch, finished):
    """A run in a store of this process's memory."""
    files = PyFileSystem(FSSpecHandler(fsspec.filesystem("memory")))
    monkeypatch.setattr(stores, "_open", lambda uri: files)
    store = parse_uri(ADDRESS)
    for name in ("manifest.json", "events.jsonl", "run.yaml"):
        store.write(name, (finished / name).read_bytes())
    for folder in (finished / "assets", *(finished / "trials").iterdir()):
        keep_folder(folder, store.child(folder.relative_to(finished).as_posix()))
    yield store
    fsspec.filesystem("memory").rm("/", recursive=True)


@pytest.fixture
def look(tmp_path):
    """Return all that lies on this machine, the folder of fetched runs apart."""

    def looker():
        return {
            path.relative_to(tmp_path).as_posix(): path.read_bytes() if path.is_file() else b""
            for path in sorted(tmp_path.rglob("*"))
            if "runs" not in path.relative_to(tmp_path).parts
        }

    return looker


def listed(*names, **changes):
    """Forge the listing of the assets."""

    def forge(store):
        listing = json.loads(store.read(f"assets/{LISTING}"))
        for name in names:
            listing[name] = ENTRY | changes
        store.write(f"assets/{LISTING}", json.dumps(listing).encode())

    return forge


def listing_of(content):
    return lambda store: store.write(f"assets/{LISTING}", content)


LISTINGS = {
    "a name that leads out": listed("../../../thesis.tex"),
    "a name that leads out from within": listed("deep/../../../../thesis.tex"),
    "an absolute name": listed("/tmp/thesis.tex"),  # noqa: S108
    "a name of another system": listed("..\\..\\thesis.tex"),
    "the folder itself": listed("."),
    "an empty name": listed(""),
    "an empty part": listed("a//b"),
    "a name of escapes": listed(ESCAPES),
    "a name that is no text": listed("\ud800"),
    "a name of null": listed("a\0b"),
    "a name too long": listed("x" * 300),
    "a name too deep": listed("/".join("abcdefghijklmn")),
    "a file that is a folder as well": listed("shared.txt/more"),
    "an object that is not there": listed("absent.npz"),
    "another size": listed("shared.txt", size=3),
    "another digest": listed("shared.txt", sha256="0" * 64),
    "a size below none": listed("shared.txt", size=-1),
    "terabytes": listed("absent.npz", size=2**50),
    "a size beyond numbers": listed("absent.npz", size=10**40),
    "a digest that is none": listed("shared.txt", sha256="../../thesis"),
    "two names that a disk may take for one": listed("a.npz", "A.npz"),
    "names without end": listed(*(f"n{number}" for number in range(20_001))),
    "two entries of one name": listing_of(b'{"a": 1, "a": 2}'),
    "another encoding": listing_of("{}".encode("utf-16")),
    "nested deeply": listing_of(DEEP.encode()),
    "a list": listing_of(b"[]"),
    "no text": listing_of(b"\xff\xfe"),
    "no JSON": listing_of(b"{"),
    "empty": listing_of(b""),
}


FETCHING = {
    "resume": lambda console: resume(ADDRESS, {}, lambda plan: TOY, console),
    "confirm": lambda console: confirm(
        ADDRESS, CONFIRMATION, None, {"in_process": True}, lambda plan: TOY, console
    ),
}


@pytest.mark.parametrize("title", LISTINGS)
@pytest.mark.parametrize("command", FETCHING)
def test_a_forged_listing_writes_nothing_elsewhere(title, command, store, outside, look, capsys):
    LISTINGS[title](store)
    before = look()
    with pytest.raises(UserError) as error:
        FETCHING[command](Console(width=80))
    assert "\n" not in str(error.value)
    assert not set(capsys.readouterr().out) & {"\x1b", "\x07"}
    assert look() == before
    assert not [path for path in (outside / "runs").rglob("*") if path.is_file()]


def test_names_that_a_disk_may_take_for_one_are_told_by_that(store, outside):
    listed("shared.TXT")(store)
    store.write("assets/shared.TXT", CONTENT)
    with pytest.raises(UserError, match="two that differ in capitals alone"):
        FETCHING["resume"](Console(width=80))


@pytest.mark.parametrize(
    "name", ["../../thesis.tex", "x/../../../thesis.tex", f"a{ESCAPES}", "a\\b", "x" * 300]
)
def test_a_forged_name_of_a_confirmation_writes_nothing_elsewhere(
    name, store, outside, look, monkeypatch
):
    monkeypatch.setattr(stores.Store, "names", lambda self, folder: [name])
    before = look()
    with pytest.raises(UserError) as error:
        resume(ADDRESS, {}, lambda plan: TOY, Console(width=80))
    assert "\n" not in str(error.value)
    assert look() == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest.json", DEEP.encode()),
        ("manifest.json", b"[]"),
        ("manifest.json", b"\xff"),
        ("manifest.json", b'{"a": "' + 9_000_000 * b"x" + b'"}'),
        ("events.jsonl", b"garbage\n"),
        ("events.jsonl", b"x" * (65 * 2**20)),
    ],
    ids=["deep", "a list", "no text", "nine megabytes", "garbage", "65 megabytes"],
)
@pytest.mark.parametrize(
    "command",
    [
        show,
        lambda run, console: replay(run, lambda plan: TOY, console),
        lambda run, console: resume(run, {}, lambda plan: TOY, console),
    ],
    ids=["status", "replay", "resume"],
)
def test_forged_records_of_a_store_are_refused(name, content, command, store, outside, look):
    store.write(name, content)
    before = look()
    with pytest.raises(UserError) as error:
        command(ADDRESS, Console(width=80))
    assert "\n" not in str(error.value)
    assert look() == before


def test_the_run_as_it_was_kept_is_opened(store, outside, capsys):
    """Otherwise the rest would show nothing."""
    assert show(ADDRESS, Console(width=80)) == 0
    assert resume(ADDRESS, {}, lambda plan: TOY, Console(width=80)) == 0
    assert (outside / "runs" / "run" / "assets" / "shared.txt").is_file()


def test_a_node_keeps_to_its_cache_as_well(store, outside, look, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "runs"))
    depot._cache.cache_clear()
    listed("../../../thesis.tex")(store)
    before = look()
    with pytest.raises(UserError, match="leads out of the run"):
        depot._cache(store.child("assets"))
    assert look() == before
