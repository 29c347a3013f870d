"""Lines where there is no terminal, a bar where there is."""

import io

import pytest
from rich.console import Console

from trainables.generative import progress as module
from trainables.generative.progress import LINES, progress


def console(monkeypatch, *, terminal: bool) -> io.StringIO:
    text = io.StringIO()
    monkeypatch.setattr(
        module, "Console", lambda **_: Console(file=text, force_terminal=terminal, width=80)
    )
    return text


@pytest.mark.parametrize("total", [5, 20])
def test_a_few_lines_where_there_is_no_terminal(monkeypatch, total):
    text, lines = console(monkeypatch, terminal=False), []
    with progress("the generator", total, lines.append) as tick:
        for step in range(total):
            tick(step + 1, "losses 1 and 2")
    assert len(lines) == LINES
    assert lines[-1] == f"the generator: step {total} of {total}, 0 s, losses 1 and 2"
    assert not text.getvalue()


def test_a_bar_with_the_time_that_is_left_on_a_terminal(monkeypatch):
    text, lines = console(monkeypatch, terminal=True), []
    with progress("the generator", 4, lines.append) as tick:
        tick(4, "losses 1 and 2")
    assert not lines
    assert "the generator" in text.getvalue()
    assert "losses 1 and 2" in text.getvalue()


def test_an_error_in_the_block_closes_the_bar(monkeypatch):
    console(monkeypatch, terminal=True)

    def fail():
        with progress("t", 2, print):
            raise ArithmeticError

    for _ in range(2):  # a bar that stays open would forbid the second
        with pytest.raises(ArithmeticError):
            fail()
