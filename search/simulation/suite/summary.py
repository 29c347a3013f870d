"""What the searches of a suite say: success and regret by task, and who is worse than whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np
import numpy.typing as npt
from rich.table import Table
from rich.text import Text
from scipy.stats import binomtest

from search.simulation.suite.results import Result, ResultFile
from search.simulation.suite.run import Suite

FLIPS = 20_000  # random signs of a paired test
LEVEL = 0.05
MOST = 0.9  # of the searches
Row = Mapping[str, Sequence[Result]]  # results of one task by method


@dataclass(frozen=True)
class Comparison:
    """A method against a baseline on one task.

    Attributes:
        task: Its name.
        difference: Of the mean regrets; positive where the method is worse.
        worse: p-value that the method is no worse, corrected for the number of tasks (Holm).
        better: p-value that the method is no better, corrected likewise.
    """

    task: str
    difference: float
    worse: float
    better: float


def collect(suite: Suite, file: ResultFile) -> dict[str, Row]:
    """Return the results in the file that belong to the suite, by task and method."""
    return {
        task.name: {
            method: [file[key] for key in suite.keys(task, method) if key in file]
            for method in suite.methods
        }
        for task in suite.tasks
    }


def compare(rows: Mapping[str, Row], method: str, baseline: str) -> list[Comparison]:
    """Compare two methods on each task by the regrets of searches with the same seeds.

    The test flips the signs of the differences at random.

    Args:
        rows: By task.
        method: To be judged.
        baseline: To compare with.
    """
    tasks, differences = [], []
    for task, row in rows.items():
        pairs = _pairs(row[method], row[baseline])
        if len(pairs):
            tasks.append(task)
            differences.append(pairs)
    worse = holm([flip_test(pairs) for pairs in differences])
    better = holm([flip_test(-pairs) for pairs in differences])
    return [
        Comparison(task, float(pairs.mean()), p_worse, p_better)
        for task, pairs, p_worse, p_better in zip(tasks, differences, worse, better, strict=True)
    ]


def _pairs(results: Sequence[Result], baseline: Sequence[Result]) -> npt.NDArray[np.float64]:
    """Return the differences of regrets of searches with the same seed."""
    return np.array([result.regret - rival.regret for result, rival in matched(results, baseline)])


def flip_test(differences: npt.NDArray[np.float64]) -> float:
    """Return the p-value of a mean above zero where each sign could as well be the other."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (FLIPS, len(differences)))
    sums = signs @ differences
    return float((1 + np.sum(sums >= differences.sum() - 1e-12)) / (FLIPS + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number by Holm's method."""
    result, highest = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(np.argsort(p_values)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        result[index] = highest
    return result


def result_table(rows: Mapping[str, Row], methods: Sequence[str]) -> Table:
    """Make the table of success and mean regret by task, with the means over tasks below."""
    title = "winners in the top 0.1 %, and mean regret"
    table = Table(title=title, box=None, padding=(0, 0, 0, 1))  # seven methods in 80 columns
    table.add_column("task", overflow="fold")
    for method in methods:
        table.add_column(method.replace(" ", "\n", 1), justify="right")
    for task, row in rows.items():
        table.add_row(Text(task), *(_cell(row[method]) for method in methods))
    table.add_row(f"mean of {len(rows)}", *(_mean_cell(rows, method) for method in methods))
    return table


def success(results: Sequence[Result]) -> float:
    """Return the share of searches whose winner is in the top."""
    return mean(result.success for result in results)


def regret(results: Sequence[Result]) -> float:
    """Return the mean regret."""
    return mean(result.regret for result in results)


def place_lines(rows: Mapping[str, Row], methods: Sequence[str]) -> list[str]:
    """Say how few of the eligible beat what each method ends in, and what its searches cost.

    Where few networks are eligible, the top 0.1 % is one or two of them: this tells a winner that
    just misses the top from a bad one.
    """
    lines = []
    for method in methods:
        results = [result for row in rows.values() for result in row[method]]
        if results:
            middle, most = np.quantile([result.ahead for result in results], [0.5, MOST])
            cost = mean(result.cost for result in results)
            lines.append(
                f"{method}: {middle:.2%} of the eligible or fewer beat the winner in half of "
                f"{len(results)} searches, {most:.2%} in {MOST:.0%}, "
                f"at the cost of {cost:.0f} full trials"
            )
    return lines


def verdict_lines(rows: Mapping[str, Row], methods: Sequence[str], baseline: str) -> list[str]:
    """Say for each method on which tasks it is worse or better than a baseline, beyond chance.

    Args:
        rows: By task.
        methods: To be judged.
        baseline: One of them; compared with the others.
    """
    lines = []
    for method in methods:
        comparisons = compare(rows, method, baseline) if method != baseline else []
        if comparisons:
            worse = [c.task for c in comparisons if c.worse < LEVEL]
            better = [c.task for c in comparisons if c.better < LEVEL]
            lines.append(
                f"{method} against {baseline}: regret lower on {len(better)}, higher on "
                f"{len(worse)} of {len(comparisons)} tasks beyond chance"
                + (f" ({'; '.join(worse)})" if worse else "")
            )
    return lines


def pair_lines(rows: Mapping[str, Row], methods: Sequence[str]) -> list[str]:
    """Say of the first method in how many searches it ends better than each other, and worse.

    Only searches with the same task and seed are counted, so methods with fewer searches compare,
    too. The sign test leaves out pairs that end alike.

    Args:
        rows: By task.
        methods: The first is compared with the others.
    """
    first, lines = methods[0], []
    for method in methods[1:]:
        pairs = [pair for row in rows.values() for pair in matched(row[method], row[first])]
        if pairs:
            differences = np.array([rival.regret - result.regret for rival, result in pairs])
            better, worse = int(np.sum(differences > 0)), int(np.sum(differences < 0))
            p_value = binomtest(better, better + worse).pvalue if better + worse else 1.0
            tops = [sum(pair[side].success for pair in pairs) for side in (1, 0)]
            lines.append(
                f"{first} against {method}, {len(pairs)} searches with the same task and seed: "
                f"regret lower in {better}, higher in {worse} (sign test, p {p_value:.2g}), "
                f"mean {-differences.mean():+.2f}; in the top in {tops[0]} and {tops[1]}"
            )
    return lines


def matched(results: Sequence[Result], baseline: Sequence[Result]) -> list[tuple[Result, Result]]:
    """Return searches of a method and of a baseline with the same seed, pair by pair."""
    rivals = {result.seed: result for result in baseline}
    return [(result, rivals[result.seed]) for result in results if result.seed in rivals]


def _cell(results: Sequence[Result]) -> str:
    return _write(success(results), regret(results)) if results else "-"


def _mean_cell(rows: Mapping[str, Row], method: str) -> str:
    filled = [row[method] for row in rows.values() if row[method]]
    if not filled:
        return "-"
    return _write(mean(map(success, filled)), mean(map(regret, filled)))


def _write(share: float, miss: float) -> str:
    return f"{share:.0%} {miss:.2f}".replace(" 0.", " .")
