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
    summarise_all,
    write_out,
)


def simulate(setup: Setup, jobs: int, out: Path | None, console: Console) -> None:
    """Run all searches of a setup, print the report and write the file.

    Args:
        setup: What is simulated.
        jobs: Number of processes.
        out: File for all numbers, .json or .csv; None for none.
        console: Where the report is printed.

    Raises:
        UserError: If something that the setup names does not exist, or the file cannot be written.
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
    summaries = summarise_all(setup, outcomes)
    console.print(quality_table(summaries))
    console.print(cost_table(summaries))
    for line in (*short_lines(setup, summaries), *goal_lines(all_goals(setup, summaries))):
        console.print(line, markup=False, highlight=False)
    if out is not None:
        write_out(out, setup, outcomes, summaries)
        console.print(f"written: {out}", markup=False, highlight=False, soft_wrap=True)
