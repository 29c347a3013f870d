"""The list of commands, and which of them are made when."""

import sys

import pytest
from typer.testing import CliRunner

from search.cli import group
from search.cli.app import app
from search.studies import STUDIES
from search.study import StudyRow


@pytest.fixture
def run():
    def invoke(*words, **environment):
        result = CliRunner().invoke(app, words, env={"COLUMNS": "80"} | environment)
        return result.exit_code, result.output

    return invoke


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package that offers the toy study under the name of ``quadratic``."""
    info = tmp_path / "toybox-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toybox\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[robust_medical_search.studies]\nquadratic = toy_study:ToyStudy\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_listing_studies_makes_no_command_of_any(run, monkeypatch):
    monkeypatch.setattr(StudyRow, "load_settings", lambda self: 1 / 0)
    status, text = run("--help")
    assert status == 0
    assert all(f"│ {name}" in text for name in (*STUDIES, "resume", "robmednas-final", "phantom"))


def test_a_study_of_an_installed_package_is_listed_and_run_by_its_name(run, installed, tmp_path):
    assert "quadratic" in run("--help")[1]
    words = ("quadratic", "--in-process", "--trials", "1", "--run", str(tmp_path / "run"))
    status, text = run(*words)
    assert status == 0, text
    assert "quadratic" in (tmp_path / "run" / "run.yaml").read_text()


def test_a_typing_error_names_what_is_near(run):
    status, text = run("robmedna")
    assert status == 2
    assert "robmednas" in text


@pytest.fixture
def complete():
    """Return what bash would be offered at the end of a line."""

    def completed(line):
        words = line.split(" ")
        request = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        environment = request | {"_SEARCH_COMPLETE": "complete_bash"}
        result = CliRunner().invoke(app, [], env=environment, prog_name="search")
        assert result.exit_code == 0, result.output
        return result.stdout.split()

    return completed


def test_completion_offers_studies_and_values_of_options(complete):
    assert {"robmednas", "robmednas-final"} <= set(complete("search robm"))
    assert complete("search tsynd --sampler hy") == ["hyperopt"]
    assert complete("search tsynd --references ") == ["all", "few"]
    assert complete("search tsynd --ranking-fr") == ["--ranking-from"]


def test_completion_runs_no_code_that_a_path_names(complete, tmp_path):
    (tmp_path / "study.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    complete(f"search {tmp_path}/study.py:Mine --tri")
    assert not (tmp_path / "ran").exists()


def test_a_study_without_experiments_of_its_own_adds_no_command(monkeypatch):
    monkeypatch.setattr(group, "STUDIES", {"bare": None})
    assert list(group._experiments()) == []


def test_commands_of_experiments_come_from_the_module_of_that_name(monkeypatch, tmp_path):
    (tmp_path / "search_extra.py").write_text("")
    package = type(sys)("search.extra")
    package.__path__ = [str(tmp_path)]
    (tmp_path / "commands.py").write_text(
        'def twist() -> int:\n    """Twist it."""\n    return 7\n\n'
        'COMMANDS = {"extra-twist": twist}\n'
    )
    monkeypatch.setitem(sys.modules, "search.extra", package)
    monkeypatch.setattr(group, "STUDIES", {"extra": None})
    ((name, command),) = group._experiments()
    assert (name, command.help, command.callback()) == ("extra-twist", "Twist it.", 7)
    sys.modules.pop("search.extra.commands")


@pytest.mark.parametrize("study", STUDIES)
def test_no_text_of_a_help_is_cut_at_80_columns(run, study):
    """Names of options may be: the words beside them say what they do."""
    _, text = run(study, "--help")
    cut = [line for line in text.splitlines() if "…" in line and "--" not in line]
    assert [line for line in cut if "no-allow-" not in line] == []
