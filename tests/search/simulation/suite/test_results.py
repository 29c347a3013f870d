"""The file of results."""

import pytest

from search.simulation.suite.results import ResultFile
from searchspace.errors import UserError


def test_results_come_back(make_result, tmp_path):
    path, results = tmp_path / "r.jsonl", [make_result(seed=seed) for seed in (1, 2)]
    file = ResultFile(path)
    for result in results:
        assert result.key not in file
        file.add(result)
    again = ResultFile(path)
    assert [again[result.key] for result in results] == results
    assert make_result(seed=3).key not in again
    assert make_result(seed=1, trials=9).key not in again


def test_a_line_that_was_cut_off_is_dropped(make_result, tmp_path):
    path, first, second = tmp_path / "r.jsonl", make_result(seed=1), make_result(seed=2)
    ResultFile(path).add(first)
    whole = path.read_text()
    path.write_text(whole + whole[:30])
    file = ResultFile(path)
    assert first.key in file
    file.add(second)
    assert second.key in ResultFile(path)


@pytest.mark.parametrize("text", ["no json\n", '{"task": "first"}\n', "[1]\n"])
def test_another_file_is_refused(tmp_path, text):
    path = tmp_path / "r.jsonl"
    path.write_text(text)
    with pytest.raises(UserError, match=r"line 1 of .* is no result of a suite"):
        ResultFile(path)


def test_a_folder_that_is_missing_is_one_line(make_result, tmp_path):
    with pytest.raises(UserError, match="cannot write"):
        ResultFile(tmp_path / "nowhere" / "r.jsonl").add(make_result())
