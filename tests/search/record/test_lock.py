"""One process at a time works on a run folder."""

import pytest

from search.record.lock import is_running, locked
from search.record.run_folder import RunFolder
from searchspace.errors import UserError


def test_a_folder_is_running_as_long_as_it_is_locked(tmp_path):
    folder = RunFolder(tmp_path)
    assert not is_running(folder)
    with locked(folder):
        assert is_running(folder)
        with pytest.raises(UserError, match="is running in another process"), locked(folder):
            pass
    assert not is_running(folder)


def test_a_folder_is_free_after_an_error(tmp_path):
    folder = RunFolder(tmp_path)
    with pytest.raises(KeyError), locked(folder):
        raise KeyError
    assert not is_running(folder)


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"), locked(RunFolder(tmp_path / "file")):
        pass
