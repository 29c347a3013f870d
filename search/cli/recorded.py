"""The study of a recorded run: code of the user's own runs only where the user has named it.

A run of such a study records its path. Whoever is handed a run folder has not named what is in
it, so a path in a record alone runs nothing: the user must have started the study before, on this
machine, or name it with ``--study``.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from search.studies import STUDIES, find_study
from search.study import Study
from searchspace.errors import UserError
from trainables.runtime.folders import cache_folder
from trainables.runtime.plugins import absolute, is_path

NAMED = "studies.txt"  # paths of studies that the user has named, one a line

StudyOption = Annotated[
    str | None,
    typer.Option(
        help="Where a study of your own is now: module:Class or ./file.py:Class.",
        show_default="where the run was started from",
    ),
]


def finder(name: str | None) -> Callable[[str], Study]:
    """Return what finds the study of a run.

    Args:
        name: What the user names with ``--study``; None to take the one on record.
    """

    def find(recorded: str) -> Study:
        if name is not None:
            return named_study(name)
        if is_path(recorded) and recorded not in STUDIES and recorded not in _named():
            raise UserError(
                f"this run was made by code that was never started here, {recorded}: if you trust "
                f"that code, add --study {recorded}"
            )
        return find_study(recorded)

    return find


def named_study(name: str) -> Study:
    """Return a study that the user names, and remember that the user did.

    Raises:
        UserError: If there is none of that name.
    """
    study = find_study(name)
    path = absolute(name)
    if is_path(name) and path not in _named():
        with contextlib.suppress(OSError):  # then --study is asked for
            _file().parent.mkdir(parents=True, exist_ok=True)
            with _file().open("a", encoding="utf-8") as lines:
                lines.write(f"{path}\n")
    return study


def _named() -> set[str]:
    try:
        return set(_file().read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return set()


def _file() -> Path:
    return cache_folder() / NAMED
