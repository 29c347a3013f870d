"""What pairing by seed gains in a table, whose trainings of a seed share what the seed draws.

Of a table's CSV: which part of the variance over seeds is common to two methods, on average over
all pairs of them. And for so large a part, how wide an interval of a difference is when paired by
seed, as a multiple of Welch's: pairing removes what is common, and halves the degrees of freedom.

    python benchmarks/pairing.py runs/table1/table1.csv test_pgd_bacc_skill
"""

import argparse
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pandas as pd

from trainables.metrics.welch import corrected, quantile

SEEDS = (3, 4, 5, 6, 8, 10, 15)
COMPARISONS = (6, 12, 24)


def shared(table: pd.DataFrame) -> float:
    """Return the part of the variance over seeds that two methods have in common, on average.

    Args:
        table: A metric, a line for each seed and a column for each method.
    """
    covariance = table.cov()
    pairs = list(combinations(covariance.columns, 2))
    common = sum(2 * float(covariance.loc[a, b]) for a, b in pairs)
    return common / sum(float(covariance.loc[a, a] + covariance.loc[b, b]) for a, b in pairs)


def ratio(part: float, seeds: int, comparisons: int) -> float:
    """Return how wide paired intervals are, over Welch's, where methods vary alike.

    Args:
        part: Of the variance over seeds that is common.
        seeds: How many.
        comparisons: That hold together.
    """
    level = corrected(comparisons)
    paired, welch = quantile(seeds - 1, level), quantile(2 * seeds - 2, level)
    return (1 - part) ** 0.5 * paired / welch


def main(argv: Sequence[str] | None = None) -> None:
    """Print the part that is shared in each setting, and the ratios for half and for that part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path, help="CSV of a comparison")
    parser.add_argument("metrics", nargs="+")
    options = parser.parse_args(argv)
    rows, parts = pd.read_csv(options.table), {"half": 0.5}
    for metric in options.metrics:
        for (dataset, fraction), group in rows.groupby(["dataset", "fraction"]):
            part = shared(group.pivot_table(metric, "seed", "method").dropna())
            parts[f"{metric}, {dataset} {fraction:g}"] = part
    print("| shared | comparisons |", " | ".join(f"{seeds} seeds" for seeds in SEEDS), "|")
    print("| --- " * (2 + len(SEEDS)) + "|")
    for name, part in parts.items():
        for comparisons in COMPARISONS:
            cells = [f"{ratio(part, seeds, comparisons):.2f}" for seeds in SEEDS]
            print(f"| {name}: {part:.2f} | {comparisons} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
