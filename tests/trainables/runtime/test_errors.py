import pytest

from trainables.runtime.errors import first_line, typed_line


@pytest.mark.parametrize(
    ("error", "line", "typed"),
    [
        (ValueError("no rows"), "no rows", "ValueError: no rows"),
        (ValueError("\n  first \nsecond"), "first", "ValueError: first"),
        (
            OSError(28, "No space left"),
            "[Errno 28] No space left",
            "OSError: [Errno 28] No space left",
        ),
        (KeyError("score"), "'score'", "KeyError: 'score'"),
        (RuntimeError(), "RuntimeError", "RuntimeError"),
        (RuntimeError(""), "RuntimeError", "RuntimeError"),
        (RuntimeError(" \n\n "), "RuntimeError", "RuntimeError"),
    ],
)
def test_an_error_has_one_line_even_without_a_message(error, line, typed):
    assert first_line(error) == line
    assert typed_line(error) == typed
