"""Confirmations of the toy study."""

import pytest
from rich.console import Console

from search.confirmation.confirm import confirm
from search.confirmation.plan import ConfirmPlan


@pytest.fixture
def confirm_toy(toy, capsys):
    def confirmer(run, out=None, machine=None, **plan):
        plan = ConfirmPlan(**({"top": 3, "seeds": 2, "choosing": 2} | plan))
        status = confirm(run, plan, out, machine or {}, lambda name: toy, Console(width=80))
        return status, " ".join(capsys.readouterr().out.split())

    return confirmer
