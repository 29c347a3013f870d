"""The table of test scores, with whatever names subjects have."""

import math

import pytest

from search.robmednas.rows import read_rows, write_rows


def test_rows_are_written_with_the_columns_of_the_first(tmp_path):
    write_rows(tmp_path / "a.csv", ({"a": number, "b": f"{number},"} for number in (1, 2)))
    assert (tmp_path / "a.csv").read_text() == 'a,b\n1,"1,"\n2,"2,"\n'


@pytest.mark.parametrize(
    "names",
    [
        ("NA", "None", "null", "nan", "inf", "NULL", "n/a", "-nan", "<NA>", "#N/A", "None "),
        ("7", "007", "7.0", "1e5", "100000", "0x7", "True", "-", "1_000", " 7"),
        ("7", "007"),
        ("1e5", "100000"),
        ("nan", "inf"),
        ("a,b", 'a"b', "Müller", "a;b", "2020-01-01", "$x_1$", "=1+1"),
    ],
)
def test_subjects_keep_their_names(tmp_path, names):
    rows = [
        {"row": "Random", "kind": "clean", "strength": 0.0, "subject": name, "score": "mae_head"}
        | {"value": float(number)}
        for number, name in enumerate(names)
    ]
    write_rows(tmp_path / "scores.csv", rows)
    assert read_rows(tmp_path / "scores.csv").to_dict("records") == rows


def test_values_are_numbers_also_where_there_are_none(tmp_path):
    write_rows(
        tmp_path / "scores.csv",
        [{"subject": "nan", "value": value} for value in (math.nan, math.inf, 1 / 3, "")],
    )
    scores = read_rows(tmp_path / "scores.csv")
    assert scores["value"].dtype == float
    assert scores["value"].isna().tolist() == [True, False, False, True]
    assert scores["value"][2] == 1 / 3
    assert scores["subject"].tolist() == ["nan"] * 4
