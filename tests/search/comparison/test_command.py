"""The command of a comparison hands on what the user gave, and to whom it belongs."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from search.comparison.command import comparison_command, offer

SHADE = Annotated[str | None, typer.Option(help="Of grey.")]
DEPTH = Annotated[int, typer.Option("--how-deep", help="In mm.", min=1)]


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Invoke a command; returns its result, and the request and own options of the comparison."""
    made = []

    def maker(request, **own):
        made.append((request, own))
        return "comparison"

    module = SimpleNamespace(make_comparison=maker)
    monkeypatch.setitem(sys.modules, "a_study_of_shades", module)
    monkeypatch.setattr(
        "search.comparison.comparison.compare",
        lambda comparison, _: int(comparison != "comparison"),
    )

    def invoke(*words):
        app = typer.Typer()
        command = comparison_command(
            "Compare shades.",
            "a_study_of_shades",
            datasets=("phantom", "Names."),
            fractions="0.5",
            settings=[offer("shade", SHADE)],
            own=[offer("depth", DEPTH, 3)],
        )
        app.command()(command)
        result = CliRunner().invoke(app, ["--out", str(tmp_path / "out"), *words])
        return result, made

    return invoke


def test_defaults_are_those_of_the_command(call, tmp_path):
    result, [(request, own)] = call()
    assert result.exit_code == 0, result.output
    assert (request.datasets, request.fractions, request.seeds) == ("phantom", "0.5", 5)
    assert (request.out, request.images, own) == (tmp_path / "out", None, {"depth": 3})
    given = {"shade": None, "epochs": None, "data_root": None, "device": "auto"}
    assert request.settings == given
    assert request.machine == {"in_process": False, "concurrency": None, "address": None}


def test_each_option_goes_to_its_place(call):
    words = ["--shade", "dark", "--how-deep", "7", "--data-root", "/data", "--images", "9"]
    _, [(request, own)] = call(*words, "--in-process", "--concurrency", "2")
    assert own == {"depth": 7}
    assert request.images == 9
    assert request.settings["shade"] == "dark"
    assert request.settings["data_root"] == Path("/data")
    assert request.machine == {"in_process": True, "concurrency": 2, "address": None}


def test_a_value_that_cannot_be_is_refused(call):
    result, made = call("--how-deep", "0")
    assert result.exit_code == 2
    assert made == []


def test_the_help_is_the_text_and_all_options(call):
    result, _ = call("--help")
    for words in ("Compare shades.", "--how-deep", "--shade", "--fractions", "--address"):
        assert words in result.output
