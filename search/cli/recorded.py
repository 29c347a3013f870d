"""Code of the user's own in a recorded run: it is run only where the user has named it.

A run of such code records its path. A person who is handed a run folder has not named what is in
it, so a path in a record alone runs nothing: the user must have started that code on this machine
before, or trust it with ``--trust``, or say with ``--study`` where the study is.
"""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from search.plan import Plan
from search.studies import STUDIES, find_study
from search.study import StudyRow
from searchspace.errors import UserError
from trainables.runtime.folders import cache_folder
from trainables.runtime.plugins import absolute, is_path

NAMES = "code.txt"  # paths of code that the user has named, one a line

StudyOption = Annotated[
    str | None,
    typer.Option(
        help="Where a study of your own is now: module:Class or ./file.py:Class.",
        show_default="where the run was started from",
    ),
]
TrustOption = Annotated[
    bool,
    typer.Option("--trust", help="Run code that the run names, even if it was never started here."),
]


def finder(study: str | None, *, trust: bool) -> Callable[[Plan], StudyRow]:
    """Return what finds the study of a run.

    Args:
        study: What the user names with ``--study``; None to take the one on record.
        trust: Whether the user trusts all code that the record names.
    """

    def find(plan: Plan) -> StudyRow:
        names = [name for name in (study or plan.study, plan.sampler) if _is_code(name)]
        if not trust:
            for name in names:
                if name != study and name not in _read_names():
                    raise UserError(
                        f"this run names code that was never started here, {name}: if you trust "
                        "it, add --trust"
                    )
        row = find_study(study or plan.study)
        remember(names)
        return row

    return find


def remember(names: Iterable[str]) -> None:
    """Write down that the user has named some code; names that stand for none are left out."""
    paths = dict.fromkeys(absolute(name) for name in names if _is_code(name))
    new = [path for path in paths if path not in _read_names()]
    if new:
        with contextlib.suppress(OSError):  # then --trust is asked for
            _file().parent.mkdir(parents=True, exist_ok=True)
            with _file().open("a", encoding="utf-8") as lines:
                lines.writelines(f"{path}\n" for path in new)


def _is_code(name: str) -> bool:
    return name not in STUDIES and is_path(name)


def _read_names() -> set[str]:
    try:
        return set(_file().read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return set()


def _file() -> Path:
    return cache_folder() / NAMES
