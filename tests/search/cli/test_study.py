"""A command made from the settings of any study."""

from typing import ClassVar

import pytest
import toy_study

from search.cli import study as module
from search.cli.study import study_command
from search.studies import STUDIES
from search.study import StudyRow
from searchspace.errors import UserError
from trainables.study.settings import DATA, setting


class Odd(toy_study.Settings):
    PAPER: ClassVar = {"teeth": 4}

    teeth: int = setting(32, "Of a toy.", DATA)
    quiet: bool = setting(True, "Makes no noise.", DATA, option="quiet/loud")


class OddStudy(toy_study.ToyStudy):
    settings = Odd


@pytest.fixture
def typed(monkeypatch):
    """Return what a command hands on of what is typed."""
    calls = []
    monkeypatch.setattr(
        module, "launch", lambda name, study, chosen, file: calls.append((chosen, file)) or 0
    )
    row = StudyRow("odd", "an odd toy", f"{__name__}:OddStudy")
    monkeypatch.setattr(StudyRow, "load_settings", lambda self: Odd)

    def invoke(*words):
        command = study_command("odd", row)
        with command.make_context("odd", list(words)) as context:
            command.invoke(context)
        return calls[-1]

    return invoke


def test_only_what_is_typed_is_handed_on(typed):
    assert typed() == ({}, None)
    chosen, _ = typed("--teeth", "32", "--loud", "--trials", "3", "--on-ray")
    assert chosen == {"teeth": 32, "quiet": False, "trials": 3, "in_process": False}


def test_the_help_says_what_the_paper_does(typed, capsys):
    with pytest.raises(BaseException) as end:  # noqa: PT011 - typer's own exit
        typed("--help")
    assert type(end.value).__name__ == "Exit"
    assert "An odd toy." in (text := capsys.readouterr().out)
    assert "(32; paper 4)" in text


def test_help_names_metrics_that_the_study_has():
    settings = STUDIES["robmednas"].load_settings()
    texts = {option.field: option.text for option in module._options("robmednas", settings)}
    assert "ranking_pgd_mae_head_curve" in texts["metric"]
    assert "ranking_clean_mae_head" in texts["trade_off"]
    assert not any("acc" in texts[field].split() for field in ("metric", "trade_off"))


@pytest.mark.parametrize(
    ("field", "option", "message"),
    [
        ("trials", None, "has a setting 'trials', but the option --trials exists already"),
        ("limit_s", "time-limit", "has a setting 'limit_s', but the option --time-limit exists"),
        ("config", None, "has a setting 'config', but the option --config exists already"),
        ("quiet", "no-loud/on-ray", "has a setting 'quiet', but the option --on-ray exists"),
    ],
)
def test_a_setting_by_the_name_of_another_option_is_refused(monkeypatch, field, option, message):
    clash = setting(True, "Of a toy.", DATA, option=option)
    settings = type(
        "Clash", (toy_study.Settings,), {"__annotations__": {field: bool}, field: clash}
    )
    monkeypatch.setattr(StudyRow, "load_settings", lambda self: settings)
    with pytest.raises(UserError, match=message):
        study_command("odd", StudyRow("odd", "an odd toy", "nowhere:Odd"))
