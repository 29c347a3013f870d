"""Text is harmless where it goes, and reads the same where it comes back."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.door.text import (
    cells,
    from_cell,
    may_be_unprintable,
    one_line,
    printable,
    printable_values,
    to_cell,
    to_code,
    to_markdown,
)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("paper 50/0.1 é ε 漢 \n\t", "paper 50/0.1 é ε 漢 \n\t"),
        ("\x1b]52;c;cm0gLXJm\x07", r"\x1b]52;c;cm0gLXJm\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("a\rb\x08c\x7f", r"a\rb\x08c\x7f"),
        ("\u202eexe.png", r"\u202eexe.png"),
        ("\ud800", r"\ud800"),
    ],
)
def test_control_characters_are_written_out(text, printed):
    assert printable(text) == printed
    assert printed.encode()


@given(st.text())
def test_no_escape_reaches_a_terminal(text):
    printed = printable(text)
    assert not set(printed) & {"\x1b", "\x9b", "\x07", "\r", "\x7f", "\u202e"}
    assert "\n" not in one_line(text)


def test_values_are_made_printable_at_any_depth():
    value = {"a\x1b": ["\x07", 1, None, {"b": "\x9b"}]}
    assert printable_values(value) == {"a\\x1b": ["\\x07", 1, None, {"b": "\\x9b"}]}


@given(st.text())
def test_what_cannot_hold_them_is_not_looked_through(text):
    if not may_be_unprintable(json.dumps(text).encode()):
        assert printable(text) == text


@given(st.text())
def test_a_cell_is_no_formula_and_comes_back_the_same(text):
    cell = to_cell(text)
    assert from_cell(cell) == text
    assert cell[:1] not in {"=", "@", "\t", "\r"}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("+a", "'+a"),
        ("'=1", "''=1"),
        ("'quoted'", "'quoted'"),
        (-0.5, -0.5),
        ("-0.25", "-0.25"),
        ("1e-3", "1e-3"),
        (None, None),
        ("paper", "paper"),
    ],
)
def test_only_formulas_are_quoted(value, cell):
    assert to_cell(value) == cell


def test_a_row_is_quoted_with_its_names():
    text = io.StringIO()
    row = cells({"=a": "=b", "value": -1.0})
    writer = csv.DictWriter(text, list(row), lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    assert text.getvalue() == "'=a,value\n'=b,-1.0\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("![x](http://evil/x.png)", r"![x\](http:&#47;/evil/x.png)"),
        ("[x]: http://evil", r"[x\]: http:&#47;/evil"),
        ("a | b\n# c", r"a \| b # c"),
        ("# a > b", r"\# a > b"),
        ("`code` *b* _c_ $x$", r"\`code\` \*b\* \_c\_ \$x\$"),
        ("area 0.4 [0.3, 0.5]", "area 0.4 [0.3, 0.5]"),
        ("paper 50/0.1 (95 %), 2.5", "paper 50/0.1 (95 %), 2.5"),
    ],
)
def test_markdown_holds_text_and_no_markup(text, written):
    assert to_markdown(text) == written


def test_code_does_not_end_early():
    assert to_code("a`b|c\nd") == "`a'b/c d`"
