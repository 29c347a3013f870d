"""What commands make of what is typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from search.cli.app import app
from search.robmednas import command as robmednas


@pytest.fixture
def launched(monkeypatch):
    """Record what would be run; the second run is interrupted where a test says so."""
    calls, ends = [], []

    def launch(study, settings, engine):
        calls.append((study, settings, engine))
        return ends.pop(0) if ends else 0

    monkeypatch.setattr(robmednas, "launch", launch)
    launch.ends = ends
    calls_of = lambda *words: (CliRunner().invoke(app, ["robmednas", *words]), calls)  # noqa: E731
    calls_of.ends = ends
    return calls_of


def test_a_search_is_one_run_by_default(launched):
    _, calls = launched("--run", "here", "--size", "96")
    ((study, settings, engine),) = calls
    assert study == "robmednas"
    assert settings["size"] == 96
    assert (engine["trials"], engine["scheduler"], engine["run"]) == (
        20,
        "asha",
        Path("here"),
    )
    assert settings["seed"] == engine["seed"] == 0


def test_the_papers_protocol_is_fifteen_searches_of_two_hundred(launched):
    _, calls = launched("--protocol", "paper")
    assert len(calls) == 15
    assert {engine["trials"] for _, _, engine in calls} == {200}
    assert {engine["scheduler"] for _, _, engine in calls} == {"fifo"}
    assert [settings["seed"] for _, settings, _ in calls] == list(range(15))


def test_what_is_given_counts_more_than_the_protocol(launched):
    words = ("--protocol", "paper", "--trials", "3", "--repeats", "1", "--scheduler", "asha")
    _, calls = launched(*words)
    assert [(engine["trials"], engine["scheduler"]) for _, _, engine in calls] == [(3, "asha")]


def test_repeats_go_into_folders_of_their_own_with_other_seeds_and_the_same_data(launched):
    _, calls = launched("--run", "runs/x", "--repeats", "3", "--seed", "5", "--data-seed", "7")
    assert [engine["run"].name for _, _, engine in calls] == ["x-1", "x-2", "x-3"]
    assert [engine["seed"] for _, _, engine in calls] == [5, 6, 7]
    assert {settings["data_seed"] for _, settings, _ in calls} == {7}


def test_an_interrupted_search_is_the_last(launched):
    launched.ends[:] = [0, 130]
    _, calls = launched("--repeats", "5")
    assert len(calls) == 2
