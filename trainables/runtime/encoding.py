"""Names of files as text: Linux stores bytes, which need not be UTF-8."""

import os
from pathlib import PurePath


def is_utf8(path: str | PurePath) -> bool:
    """Tell whether a path can be written to a file of text: JSON, CSV or YAML."""
    try:
        str(path).encode()
    except UnicodeEncodeError:  # Python keeps other bytes as lone surrogates
        return False
    return True


def printable(path: str | PurePath) -> str:
    r"""Return a path as a terminal can show it; bytes that are not UTF-8 become ``\xfc``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
