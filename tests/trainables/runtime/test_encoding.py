"""Names of files that are not UTF-8."""

import os
from pathlib import Path

import pytest

from trainables.runtime.encoding import is_utf8, printable


@pytest.mark.parametrize(
    ("name", "expected", "text"),
    [
        (b"/data/plain", True, "/data/plain"),
        ("/data/M\u00fcnster \u4e2d".encode(), True, "/data/M\u00fcnster \u4e2d"),
        (b"/data/M\xfcster^Max", False, r"/data/M\xfcster^Max"),
        (b"\xff\xfe", False, r"\xff\xfe"),
    ],
)
def test_bytes_that_are_not_utf8_are_noticed_and_can_be_printed(name, expected, text):
    path = Path(os.fsdecode(name))
    assert is_utf8(path) is is_utf8(str(path)) is expected
    assert printable(path) == text
    printable(path).encode()
