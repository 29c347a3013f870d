"""python -m analysis."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from make_run import REFERENCES, Blueprint, make_run

from analysis import cli
from analysis.export import NUMBERS, TABLES
from analysis.figures.catalogue import FIGURES

ROOT = Path(__file__).parents[2]
FILES = {"report.html", *(f"{name}.csv" for name in [*TABLES, *NUMBERS])}
FILES |= {f"{name}.{kind}" for name in [*FIGURES, "overview"] for kind in ("png", "svg")}


@pytest.fixture
def analyse(monkeypatch, capsys):
    def runner(*arguments):
        monkeypatch.setattr(sys, "argv", ["analysis", *map(str, arguments)])
        try:
            cli.main()
        except SystemExit as end:
            return end.code, capsys.readouterr()
        return 0, capsys.readouterr()

    return runner


def names_in(folder):
    return {file.name for file in folder.iterdir()}


COMPARED = {f"compare_{name}.csv" for name in ("winners", "duels", "progress", "differences")}
COMPARED |= {
    f"compare_{name}.{kind}" for name in ("winners", "trials", "time") for kind in ("png", "svg")
}
COMPARED |= {"compare.html"}


def links_of(page):
    return set(re.findall(r'<a href="([^"#]+)"', page.read_text(encoding="utf-8")))


def test_several_runs_get_a_folder_each_and_are_compared(analyse, tmp_path):
    trials = [REFERENCES[0], Blueprint("t001")]
    runs = [make_run(tmp_path / name, trials) for name in ("one", "two")]
    out = tmp_path / "out"
    status, printed = analyse(*runs, "--out", out)
    assert status == 0
    assert names_in(out) == {"one", "two"} | COMPARED
    lines = printed.out.splitlines()
    assert lines[0] == f"{out / 'one'}:"
    assert {line.strip() for line in lines[1 : len(FILES) + 1]} == FILES
    for folder in (out / "one", out / "two"):
        assert names_in(folder) == FILES
        board = pd.read_csv(folder / "leaderboard.csv")
        assert set(board["trial"]) == {"r01 baseline (scaled)", "t001"}
    for name in FILES - {"report.html"}:  # the same trials give the same files
        assert (out / "one" / name).read_bytes() == (out / "two" / name).read_bytes(), name
    for page in (out / "compare.html", out / "two" / "report.html"):
        for link in links_of(page):
            assert (page.parent / link).is_file(), link
    assert {"one/report.html", "two/report.html"} <= links_of(out / "compare.html")


def test_without_out_the_comparison_is_beside_each_report(analyse, tmp_path, monkeypatch):
    def export(run, folder):
        folder.mkdir()
        (folder / "report.html").touch()
        return []

    monkeypatch.setattr("analysis.export.export", export)
    trials = [REFERENCES[0], Blueprint("t001")]
    runs = [make_run(tmp_path / name, trials) for name in ("one", "two")]
    status, _ = analyse(*runs)
    assert status == 0
    for run in runs:
        page = run / "analysis" / "compare.html"
        assert names_in(page.parent) == {"report.html"} | COMPARED
        assert all((page.parent / link).is_file() for link in links_of(page))


def test_a_log_is_written_instead_of_a_report(analyse, tmp_path):
    run = make_run(tmp_path / "run", [REFERENCES[0]])
    status, printed = analyse(run, "--log", "tensorboard")
    assert status == 0
    assert names_in(run / "analysis") == {"tensorboard"}
    assert f"see it with: tensorboard --logdir {run / 'analysis' / 'tensorboard'}" in printed.out


def one_line(printed, words):
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert words in printed.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "there is no folder nowhere"),
        (["."], "is not a run"),
        ([], "Missing argument"),
        (["--ou"], "No such option"),
    ],
)
def test_mistakes_are_one_line(analyse, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    status, printed = analyse(*arguments)
    assert status == 2
    one_line(printed, words)


@pytest.mark.parametrize("log", [(), ("--log", "tensorboard")])
def test_nothing_is_written_where_one_of_the_runs_is_none(analyse, tmp_path, log):
    run, other = make_run(tmp_path / "run", [REFERENCES[0]]), tmp_path / "file"
    other.touch()
    status, printed = analyse(run, other, *log)
    assert status == 2
    one_line(printed, str(other))
    assert not (run / "analysis").exists()


def test_two_runs_of_one_name_do_not_overwrite_each_other(analyse, tmp_path):
    runs = [make_run(tmp_path / name / "run", [REFERENCES[0]]) for name in ("a", "b")]
    status, printed = analyse(*runs, "--out", tmp_path / "out")
    assert status == 2
    one_line(printed, "two runs have the same name")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("log", [(), ("--log", "tensorboard")])
def test_a_link_in_a_run_is_not_written_through(analyse, tmp_path, log):
    """A run may be a stranger's: its folder for reports may lead to the user's own files."""
    run = make_run(tmp_path / "run", [REFERENCES[0], Blueprint("t001")])
    (tmp_path / "home").mkdir()
    (run / "analysis").symlink_to(tmp_path / "home")
    status, printed = analyse(run, *log)
    assert status == 2
    assert "is a link, which is not followed" in printed.err
    assert not list((tmp_path / "home").iterdir())


def test_a_folder_that_cannot_be_made(analyse, tmp_path):
    run = make_run(tmp_path / "run", [REFERENCES[0]])
    (tmp_path / "file").touch()
    status, printed = analyse(run, "--out", tmp_path / "file" / "out")
    assert status == 2
    one_line(printed, "cannot write")


def test_ctrl_c_is_said_and_is_a_status(analyse, monkeypatch, tmp_path):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_folder", interrupt)
    status, printed = analyse(tmp_path)
    assert (status, printed.err.strip()) == (130, "interrupted")
