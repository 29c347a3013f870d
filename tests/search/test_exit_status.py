"""How a command's process ends."""

import pytest

from search import exit_status


def test_a_process_ends_at_once_where_a_library_would_wait(monkeypatch):
    statuses = []
    monkeypatch.setattr(exit_status, "_LOST", [])
    with pytest.raises(SystemExit) as error:
        exit_status.end(1)
    assert error.value.code == 1
    exit_status.end_at_once("ray")
    monkeypatch.setattr(exit_status.os, "_exit", statuses.append)  # which would not return
    with pytest.raises(SystemExit):
        exit_status.end(130)
    assert statuses == [130]
