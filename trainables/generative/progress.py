"""How far a long training is: a bar on a terminal, a few lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINES = 5  # about one training, where there is no terminal
Tick = Callable[[int, str], None]
"""Takes the steps that are done, and what is to be said beside them."""


@contextmanager
def progress(title: str, total: int, say: Callable[[str], None]) -> Iterator[Tick]:
    """Show the progress of steps while a block runs.

    Args:
        title: What trains.
        total: Steps in all.
        say: Takes lines, where there is no terminal.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(title, total, say)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[beside]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=total, beside="")
        yield lambda done, beside: bar.update(task, completed=done, beside=beside)


def _lines(title: str, total: int, say: Callable[[str], None]) -> Tick:
    started, every = time.perf_counter(), max(1, total // LINES)

    def tick(done: int, beside: str) -> None:
        if done % every == 0:
            spent = time.perf_counter() - started
            line = f"{title}: step {done} of {total}, {spent:.0f} s"
            say(f"{line}, {beside}" if beside else line)

    return tick
