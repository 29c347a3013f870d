"""Examinations are done once, and one that fails does not undo the others."""

import pytest
from make_confirmation import written

from search.execution.inprocess import InProcess
from searchspace.errors import UserError


def test_an_interrupted_confirmation_goes_on(run_toy, confirm_toy, monkeypatch):
    _, run, _ = run_toy(trials=6)
    whole = InProcess.map

    def stopping(self, tasks, on_end):
        whole(self, tasks[:3], on_end)
        raise KeyboardInterrupt

    monkeypatch.setattr(InProcess, "map", stopping)
    status, printed = confirm_toy(run)
    assert status == 130
    assert "stopped: python -m search confirm" in printed
    before = written(run / "confirm")
    assert not (run / "confirm" / "test").exists()
    monkeypatch.setattr(InProcess, "map", whole)
    assert confirm_toy(run)[0] == 0
    after = written(run / "confirm")
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before)


def test_an_examination_that_fails_is_named_and_the_others_are_kept(
    run_toy, confirm_toy, monkeypatch
):
    _, run, _ = run_toy(trials=6)
    import toy_study  # noqa: PLC0415 - on the path of these tests alone

    whole = toy_study.ToyStudy.examine

    def failing(study, model, *rest):
        if model.name == "r02":
            raise ValueError("out of [memory]")
        return whole(study, model, *rest)

    monkeypatch.setattr(toy_study.ToyStudy, "examine", failing)
    with pytest.raises(UserError, match=r"r02: ValueError: out of \[memory\]; the rest is kept"):
        confirm_toy(run)
    assert len(list(run.glob("confirm/examined/ranking/*.npz"))) > 3
    monkeypatch.setattr(toy_study.ToyStudy, "examine", whole)
    assert confirm_toy(run)[0] == 0
