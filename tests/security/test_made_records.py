"""Records that nobody would think of: each reader takes them or refuses them in one line."""

import copy
import json
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import make_confirmation
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from whole_analysis import analyse

from search.run.runner import replay, resume
from search.run.status import show
from search.study import StudyRow
from searchspace.errors import UserError

TOY = StudyRow("toy", "a toy", "toy_study:ToyStudy")
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(["../..", "/etc/passwd", "t001", "\x1b[2J", "<b>", "=1", "$x$"]),
    st.sampled_from([2**70, -1, 1e308]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
FEW = 25
EXAMPLES = int(os.environ.get("MADE_RECORDS", FEW))  # more find more
MANY = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES == FEW,  # the suite says the same of the same code
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def paths_of(value, path=()):
    """List the way to every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    ways = []
    for key, inner in items:
        ways.append((*path, key))
        if isinstance(inner, (dict, list)):
            ways += paths_of(inner, (*path, key))
    return ways


def change(values, data):
    """Change or remove up to three values, wherever they lie."""
    values = copy.deepcopy(values)
    for _ in range(data.draw(st.integers(1, 3))):
        ways = paths_of(values)
        *folders, last = data.draw(st.sampled_from(ways)) if ways else [None]
        part = values
        for folder in folders:
            part = part[folder]
        if data.draw(st.booleans()):
            part[last] = data.draw(VALUES)
        else:
            del part[last]
    return values


def write(file, values):
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(values), encoding="utf-8", errors="surrogatepass")


READERS = {
    "status": show,
    "replay": lambda folder, console: replay(folder, lambda plan: TOY, console),
    "analysis": analyse,
    "resume": lambda folder, console: resume(folder, {}, lambda plan: TOY, console),
}


def check(finished, forge, commands=READERS):
    """Forge a copy of the run, and open it by each command."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, "run")
        shutil.copytree(finished, folder)
        forge(folder)
        for command in commands:
            try:
                READERS[command](folder, Console(width=80))
            except UserError as error:
                assert "\n" not in str(error)  # noqa: PT017
        assert [path.name for path in Path(scratch).iterdir()] == ["run"]


@MANY
@given(data=st.data())
def test_whatever_a_manifest_says(data, finished):
    values = json.loads((finished / "manifest.json").read_text())
    forged = change(values, data)
    check(finished, lambda folder: write(folder / "manifest.json", forged))


@MANY
@given(data=st.data())
def test_whatever_a_line_of_the_record_says(data, finished):
    lines = (finished / "events.jsonl").read_text().splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    forged = change(json.loads(lines[number]), data)

    def forge(folder):
        changed = [*lines[:number], json.dumps(forged), *lines[number + 1 :]]
        text = "".join(f"{line}\n" for line in changed)
        (folder / "events.jsonl").write_text(text, encoding="utf-8", errors="surrogatepass")

    check(finished, forge)


@MANY
@given(data=st.data())
def test_whatever_a_confirmation_says(data, finished):
    forged = change({"version": 1} | make_confirmation.VALUES, data)
    check(finished, lambda folder: write(folder / "confirm" / "confirm.json", forged), ["analysis"])


@pytest.mark.parametrize("command", READERS)
def test_the_run_itself_is_opened(command, finished):
    """Otherwise the rest would show nothing."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, "run")
        shutil.copytree(finished, folder)
        READERS[command](folder, Console(width=80))
