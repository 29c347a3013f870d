"""The file of the Optuna study."""

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend

from search.record.journal import open_journal
from searchspace.errors import UserError


def test_optuna_reads_what_was_written(tmp_path):
    study = optuna.create_study(storage=open_journal(tmp_path / "journal"), study_name="s")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(tmp_path / "journal")))
    again = optuna.load_study(study_name="s", storage=storage)
    assert [trial.params for trial in again.trials] == [trial.params for trial in study.trials]


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(UserError, match="cannot write"):
        open_journal(tmp_path / "absent" / "journal")
