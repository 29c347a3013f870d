"""How far a trial is between its reports."""

import pytest

from search.results.pulse import FILE, Pulse, end_pulse, read_pulse, write_pulse


def test_what_is_written_is_read_until_the_trial_reports(tmp_path):
    assert read_pulse(tmp_path) is None
    write_pulse(tmp_path, Pulse(4, 10, 2.5))
    assert read_pulse(tmp_path) == Pulse(4, 10, 2.5)
    assert read_pulse(tmp_path).remaining_s == 15
    end_pulse(tmp_path)
    assert not list(tmp_path.iterdir())
    end_pulse(tmp_path)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"epoch": 3}', '{"epoch": "x", "rung": 1, "epoch_s": 1}']
)
def test_a_damaged_one_says_nothing(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert read_pulse(tmp_path) is None


def test_a_folder_that_is_gone_is_no_error(tmp_path):
    write_pulse(tmp_path / "gone", Pulse(1, 2, 1.0))
    end_pulse(tmp_path / "gone")
    assert read_pulse(tmp_path / "gone") is None
