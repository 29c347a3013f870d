"""What a person types to confirm a run, and the plan that it becomes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from search.cli.app import app
from search.confirmation.plan import ConfirmPlan
from search.options import option_of
from searchspace.errors import UserError
from trainables.attacks.presets import ENSEMBLES


@pytest.fixture
def confirmed(monkeypatch):
    """Return what a command hands on."""
    calls = []

    def confirm(run, plan, out, machine, find, console):
        calls.append((run, plan, out, machine))
        return 0

    monkeypatch.setattr("search.confirmation.confirm.confirm", confirm)

    def invoke(*words):
        result = CliRunner().invoke(app, ["confirm", "runs/a", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return calls[-1]

    return invoke


def test_a_confirmation_has_defaults_and_the_machine_of_the_run(confirmed):
    assert confirmed() == ("runs/a", ConfirmPlan(), None, {})
    assert ConfirmPlan().model_dump() == {
        "top": 3, "seeds": 5, "choosing": 3, "attacks": "standard", "references": "few",
        "images": None,
    }  # fmt: skip


def test_what_is_typed_is_handed_on(confirmed):
    words = ["--top", "1", "--attacks", "quick", "--images", "8", "--references", "all"]
    _, plan, out, machine = confirmed(*words, "--out", "c", "--on-ray", "--concurrency", "2")
    assert plan == ConfirmPlan(top=1, attacks="quick", images=8, references="all")
    assert (out, machine) == (Path("c"), {"in_process": False, "concurrency": 2})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--top", "0"], "top is 0: Input should be greater than 0"),
        (["--images", "1"], "images is 1: Input should be greater than or equal to 2"),
        (["--references", "some"], "references is 'some': Input should be 'all' or 'few'"),
    ],
)
def test_a_wrong_value_is_one_line(confirmed, words, message):
    with pytest.raises(UserError, match=message):
        confirmed(*words)


def test_completion_knows_all_ensembles():
    assert option_of(ConfirmPlan, "attacks").words == tuple(reversed(ENSEMBLES))
