"""The report of simulated searches, at 80 columns, and the file of all their numbers."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from rich.table import Table
from rich.text import Text

from search.simulation.bench import Setup
from search.simulation.outcome import Outcome
from search.simulation.summary import YARDSTICK, Goal, Summary, goals, summarise
from search.simulation.tables.table_problem import TableProblem
from searchspace.errors import UserError
from searchspace.words import plural
from trainables.metrics.intervals import Interval
from trainables.runtime.files import to_json, write_atomically

MILLION = 1e6


def check_out(out: Path) -> None:
    """Check that results can be written, before they are computed.

    Raises:
        UserError: If the ending is neither .json nor .csv, or there is no such folder.
    """
    if out.suffix not in {".json", ".csv"}:
        raise UserError(f"--out is {out}: end it in .json or .csv")
    if not out.parent.is_dir():
        raise UserError(f"--out is {out}: there is no folder {out.parent}")


def summarise_all(setup: Setup, outcomes: Sequence[Outcome]) -> list[Summary]:
    """Summarise each method, in the order of the setup."""
    return [
        summarise(
            [outcome for outcome in outcomes if outcome.method == method],
            free_repeats=method in setup.engines,
        )
        for method in setup.methods
    ]


def all_goals(setup: Setup, summaries: Sequence[Summary]) -> list[Goal]:
    """Compare each of the engine's methods with the goals."""
    by_method = {summary.method: summary for summary in summaries}
    yardstick = by_method[YARDSTICK]
    return [goal for name in setup.engines for goal in goals(by_method[name], yardstick)]


def setup_lines(setup: Setup, problem: TableProblem) -> list[str]:
    """Say in a few lines what is simulated."""
    top, eligible = int(problem.top.sum()), int(problem.eligible.sum())
    trials = plural(setup.trials, "trial")
    return [
        f"{problem.table.name}: {len(problem.networks.points)} networks",
        f"eligible: {eligible}, with clean accuracy of at least {setup.floor:g}",
        f"target: {setup.target}, best {problem.best:.3f}",
        f"top 0.1 % of the eligible: {top}, from {problem.threshold:.3f} on",
        f"the engine measures: {setup.ladder}; scheduler {setup.scheduler}",
        "its peers measure: the target at once, on all images",
        f"searches: {setup.seeds} each, of {trials} on {plural(setup.workers, 'worker')}",
    ]


def short_lines(setup: Setup, summaries: Sequence[Summary]) -> list[str]:
    """Name the methods that ran out of networks to try."""
    return [
        f"{row.method}: {row.trials:.0f} trials a search; it found no more networks to try"
        for row in summaries
        if row.trials < setup.trials
    ]


def quality_table(summaries: Sequence[Summary]) -> Table:
    """Make the table that shows how good the winners are."""
    table = Table(title="winners, under the target in the table's own numbers")
    table.add_column("method", overflow="fold")
    for head in ("in top 0.1 %\nof searches", "regret\nIQM", "regret\nmedian", "regret\n95th pct."):
        table.add_column(head, justify="right", no_wrap=True)
    for row in summaries:
        table.add_row(
            Text(row.method),
            f"{row.success.value:.0%} {_bounds(row.success, '.0%')}",
            f"{row.regret.value:.3f} {_bounds(row.regret, '.3f')}",
            f"{row.regret_median:.3f}",
            f"{row.regret_p95:.3f}",
        )
    return table


def cost_table(summaries: Sequence[Summary]) -> Table:
    """Make the table that shows what the searches cost."""
    table = Table(title="cost in million passes; shares of workers' time and of trials")
    table.add_column("method", overflow="fold")
    for head in ("cost", "to top\nmedian", "busy", "last\nrung", "dupli-\ncates", "infea-\nsible"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in summaries:
        shares = (row.utilisation, row.last_rung, row.duplicates, row.infeasible)
        to_top = row.cost_to_top
        table.add_row(
            Text(row.method),
            f"{row.cost / MILLION:.1f}",
            "never" if math.isinf(to_top) else f"{to_top / MILLION:.1f}",
            *(f"{share:.0%}" for share in shares),
        )
    return table


def goal_lines(results: Sequence[Goal]) -> list[str]:
    """Say of each goal whether it is met."""
    return [
        f"{goal.method}: {goal.text}: {goal.value:.3g}, {'met' if goal.met else 'NOT met'}"
        for goal in results
    ]


def write_out(
    out: Path, setup: Setup, outcomes: Sequence[Outcome], summaries: Sequence[Summary]
) -> None:
    """Write one JSON object with everything, or one CSV row for each search.

    Args:
        out: A file that ends in .json or .csv.
        setup: What was simulated.
        outcomes: Of all searches.
        summaries: Of all methods.

    Raises:
        UserError: If the file cannot be written.
    """
    if out.suffix == ".csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, [field.name for field in fields(Outcome)])
        writer.writeheader()
        writer.writerows(asdict(outcome) for outcome in outcomes)
        write_atomically(out, text.getvalue())
        return
    content = {
        "setup": asdict(setup),
        "methods": [asdict(summary) for summary in summaries],
        "goals": [asdict(goal) for goal in all_goals(setup, summaries)],
        "searches": [asdict(outcome) for outcome in outcomes],
    }
    write_atomically(out, to_json(content, indent=1) + "\n")


def _bounds(interval: Interval, form: str) -> str:
    return f"[{interval.low:{form}}, {interval.high:{form}}]".replace("%,", ",")
