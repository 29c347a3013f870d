"""Simulate, print the report, write the file."""

from pathlib import Path

from rich.console import Console
from rich.progress import track

from search.simulation.bench import Setup, open_problem, search_all
from search.simulation.report import (
    all_goals,
    check_out,
    cost_table,
    goal_lines,
    quality_table,
    setup_lines,
    short_lines,
    summaries,
    write_out,
)


def simulate(setup: Setup, jobs: int, out: Path | None, console: Console) -> None:
    """Run all searches of a setup and report them.

    Args:
        setup: What is simulated.
        jobs: Processes.
        out: Where all numbers go; None for nowhere.
        console: Where the user reads.

    Raises:
        UserError: If something in the setup is not there, or the file cannot be written.
    """
    if out is not None:
        check_out(out)
    for line in setup_lines(setup, open_problem(setup)):
        console.print(line, markup=False, highlight=False)
    searches = track(
        search_all(setup, jobs),
        "searching",
        total=setup.seeds * len(setup.methods),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    outcomes = list(searches)
    found = summaries(setup, outcomes)
    console.print(quality_table(found))
    console.print(cost_table(found))
    for line in (*short_lines(setup, found), *goal_lines(all_goals(setup, found))):
        console.print(line, markup=False, highlight=False)
    if out is not None:
        write_out(out, setup, outcomes, found)
        console.print(f"written: {out}", markup=False, highlight=False, soft_wrap=True)
