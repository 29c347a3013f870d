"""Declared settings as typer shows them."""

from dataclasses import replace
from pathlib import Path

import pytest

from search.cli.options import by_panel, escaped, parameter, typer_option
from search.options import option_of
from search.plan import Plan, Start
from trainables.study.settings import MACHINE, OUTPUT, SEARCH

TRIALS = option_of(Plan, "trials")


@pytest.mark.parametrize(
    ("option", "paper", "default"),
    [
        (TRIALS, None, True),  # typer writes 20
        (TRIALS, 200, "20; paper 200"),
        (TRIALS, 20, True),
        (option_of(Plan, "metric"), None, "the study's own"),
        (option_of(Plan, "metric"), "accuracy", "the study's own; paper accuracy"),
        (option_of(Plan, "in_process"), True, "on-ray; paper in-process"),
        (replace(option_of(Plan, "metric"), default_text=None), None, False),
    ],
)
def test_the_help_says_the_default_and_the_papers_value(option, paper, default):
    assert typer_option(option, paper).show_default == default


def test_an_option_that_may_be_given_again_is_a_list():
    annotation = parameter(option_of(Start, "warm_start")).annotation
    assert annotation.__origin__ == list[Path] | None


def test_a_default_that_the_command_line_could_not_read_is_left_out():
    assert parameter(replace(TRIALS, default=(1, 2))).default is None
    assert parameter(TRIALS).default == 20


def test_completion_offers_what_begins_alike():
    complete = typer_option(option_of(Plan, "sampler")).autocompletion
    assert complete("") == ["tpe", "bayes", "gp", "hyperopt", "evolution", "random"]
    assert complete("b") == ["bayes"]
    assert typer_option(TRIALS).autocompletion is None


def test_brackets_in_a_help_text_are_no_markup():
    assert escaped("EPOCHS[@IMAGES] in [0, 1]") == "EPOCHS\\[@IMAGES] in [0, 1]"


def test_panels_come_in_their_order_and_options_of_a_panel_as_declared():
    fields = ("run", "race", "address", "trials")
    options = by_panel(tuple(option_of(Plan, field) for field in fields))
    assert [option.panel for option in options] == [SEARCH, SEARCH, MACHINE, OUTPUT]
    assert [option.field for option in options] == ["race", "trials", "address", "run"]
