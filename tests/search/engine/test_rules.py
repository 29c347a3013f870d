"""What observers are promised."""

import ast
import inspect
import re
from dataclasses import FrozenInstanceError

import pytest
from make_coordinator import Log, StoppedClock, make_coordinator

from search.engine import coordinator, proposals
from search.engine.rules import Observer


def test_the_events_that_are_described_are_those_that_are_sent():
    sent = {
        call.args[0].value
        for module in (coordinator, proposals)
        for call in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "_notify"
    }
    described = re.search(r"event: (.*?)\n +trial:", inspect.getdoc(Observer.notice), re.DOTALL)
    assert set(re.findall(r"``(\w+)``", described[1])) == sent


def test_rules_do_not_change_in_a_run(tmp_path):
    rules = make_coordinator(tmp_path, StoppedClock(), Log()).rules
    with pytest.raises(FrozenInstanceError):
        rules.trials = 9
