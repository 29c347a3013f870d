"""Finalists are trained anew, on seeds that the search did not use."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from search.confirmation.retraining import SHIFT, training_session
from search.execution import machine
from search.execution.choose import choose_executor
from search.plan import Plan
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.run.session import Session, open_session
from trainables.runtime.memory import GIB
from trainables.studies.robmednas.study import RobMedNAS


def test_a_finalist_that_misses_its_constraints_on_other_seeds_cannot_win(
    run_toy, confirm_toy, monkeypatch
):
    _, run, _ = run_toy(trials=6)
    import toy_study  # noqa: PLC0415

    evaluate = toy_study.Toy.evaluate

    def missing(self, rung):
        report = evaluate(self, rung)
        report.constraints["floor"] = 1.0
        return report

    monkeypatch.setattr(toy_study.Toy, "evaluate", missing)
    status, printed = confirm_toy(run)
    assert status == 1
    assert "no winner" in printed
    assert not (run / "confirm" / "test").exists()


def test_trainings_have_seeds_the_search_did_not_use_and_the_runs_own_data(run_toy, toy, tmp_path):
    _, run, _ = run_toy(trials=1, seed=0, time_limit_s=900.0, race=1)
    session = open_session(RunFolder(run), lambda name: toy, Console(file=io.StringIO()))
    session.manifest.add(constant={"robustness": 0.1})
    training = training_session(session, tmp_path / "training")
    assert training.settings.seed == session.settings.seed + SHIFT
    assert training.folder.assets.resolve() == session.folder.assets.resolve()
    assert (training.plan.scheduler, training.plan.race) == ("fifo", 0)
    assert training.plan.time_limit_s is None
    manifest = read_manifest(training.folder)
    assert manifest.confirms == str(run)
    assert manifest.objective is None
    assert manifest.constant == {"robustness": 0.1}  # the floor's zero, as in the search
    again = training_session(session, tmp_path / "training")
    assert len(again.manifest.content.resumed) == 1


@pytest.mark.parametrize(
    ("limit", "network", "gib"),
    [
        (13.0, "plain 8 16", 4.5),
        (2.0, "plain 8 16", 2.0),  # less than the share: the user's, or that of a smaller machine
        (13.0, "plain 512 1024 2048", 13.0),  # does not fit into the share
    ],
)
def test_trainings_take_their_share_of_the_machine_where_they_fit(
    run_toy, toy, tmp_path, monkeypatch, limit, network, gib
):
    monkeypatch.setattr(machine, "machine_bytes", lambda: 5 / machine.SHARE * 2 * GIB)
    _, run, _ = run_toy(trials=1)
    session = open_session(RunFolder(run), lambda name: toy, Console(file=io.StringIO()))
    study = RobMedNAS()
    settings = study.parse_settings({"device": "cpu", "max_memory": limit})
    executor = choose_executor(Plan(study="robmednas", concurrency=2), settings)
    ran: Session = replace(session, study=study, settings=settings, executor=executor)
    config = study.references(settings)[0].config | {"architecture": network}
    training = training_session(ran, tmp_path / "training", [config])
    assert training.settings.max_memory == pytest.approx(gib)
