"""The table of test scores, with whatever names subjects have."""

import math

import pytest

from search.robmednas.rows import LINES, read_rows, write_rows
from searchspace.errors import UserError


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


HEAD = "row,kind,strength,subject,score,value\n"
LINE = "a,clean,0,s,mae_head,1\n"
FORGERIES = {
    "empty": "",
    "text for a number": HEAD + "a,clean,0,s,mae_head,many\n",
    "more cells than columns": HEAD + LINE + "a,clean,0,s,mae_head,1,2,3\n",
    "a quote without end": HEAD + '"a,clean\n' * 101,
    "another encoding": (HEAD + LINE).encode("utf-16"),
    "columns without end": ",".join(f"c{number}" for number in range(10_000)) + "\n",
    "lines without end": HEAD + "\n" * (LINES + 1),
    "lines of another kind": HEAD + "\r" * (LINES + 1),
    "no column": "row,kind\na,clean\n",
}


@pytest.mark.parametrize("content", FORGERIES.values(), ids=FORGERIES)
def test_what_is_no_table_of_scores_is_one_line(tmp_path, content):
    file = tmp_path / "corruption.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=r"corruption\.csv") as caught:
        read_rows(file, HEAD.strip().split(","))
    assert "\n" not in str(caught.value)


def test_names_are_printable(tmp_path):
    (tmp_path / "a.csv").write_text(HEAD + "\x1b[2J,clean,0,s\u202e,mae_head,1\n")
    (row,) = read_rows(tmp_path / "a.csv").to_dict("records")
    assert (row["row"], row["subject"]) == (r"\x1b[2J", r"s\u202e")
