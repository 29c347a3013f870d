"""The paper's tables 2 and 3: Dice and MAE by region, clean and attacked, over test subjects."""

import math
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search.results.tables import interval, number, percent
from search.robmednas.retrain import Retrained
from search.robmednas.sources import (
    BASELINE,
    CONTROLS,
    GREY,
    NO_NETWORK,
    Candidate,
    in_order,
    own,
    searched,
)
from trainables.door.text import to_markdown
from trainables.metrics.paired import Comparison, compare
from trainables.metrics.synthesis import DIRECTIONS, REGIONS
from trainables.metrics.welch import LEVEL, Estimate
from trainables.synthesis.about import HEADLINE

KINDS = {"dice": "Dice", "mae": "MAE, HU"}
SIZES = ("parameters", "GMAC", "epochs", "value", "clean HU", "PGD HU")
NOTE = "Nrm. clean, Rob. attacked; mean and standard deviation over test subjects"
BARRED = " !"  # behind a row whose training misses a constraint
SCOPE = (
    "head MAE of each row minus that of another, in HU, of one training each: the intervals are "
    "over test subjects, all {count} of this list together in {level}. Other seeds of either "
    "network may turn a difference, so none is a verdict; robmednas-stability gives one"
)


def paper_tables(scores: pd.DataFrame, attacks: Sequence[str]) -> list[Table]:
    """Lay out one table for each kind of score and attack, at 80 columns."""
    tables = []
    for attack in attacks:
        for kind, words in KINDS.items():
            title = f"{words}; attacked by {name_of(attack, scores)}"
            table = Table(title=title, box=None, padding=(0, 0, 0, 1))  # narrow, to cut no number
            table.add_column("", no_wrap=True)
            for head in _heads():
                table.add_column(head, justify="right", no_wrap=True)
            for row, cells in _rows(scores, kind, attack):
                means, spreads = zip(*cells, strict=True)
                table.add_row(Text(row), *means)
                table.add_row("", *spreads, style="dim")
            tables.append(table)
    return tables


def markdown(
    scores: pd.DataFrame,
    rows: Sequence[tuple[Candidate, Retrained]],
    attacks: Sequence[str],
    metric: str,
    constant: Mapping[str, float],
) -> str:
    """Write all tables and sentences as Markdown.

    Args:
        scores: On test, as `search.robmednas.testing.score` lists them.
        rows: What stands for each row of the tables, and how its training went.
        attacks: Names of the attacks, in the order of the tables.
        metric: By which each row's candidate was chosen.
        constant: The metrics of one grey for all heads.
    """
    parts = [_markdown_sizes(rows, metric, constant)]
    for attack in attacks:
        for kind, words in KINDS.items():
            heads = ["", *(head.replace("\n", " ") for head in _heads())]
            lines = [f"{words}; attacked by {name_of(attack, scores)}", "", _line(heads)]
            lines.append(_line(["---"] * len(heads)))
            lines += [
                _line([to_markdown(row), *(" ".join(cell) for cell in cells)])
                for row, cells in _rows(scores, kind, attack)
            ]
            parts.append("\n".join(lines))
    return (
        "\n\n".join(parts)
        + "\n\n"
        + "  \n".join([*barred_lines(rows), *sentences(scores, attacks)])
        + "\n"
    )


def sizes_table(
    rows: Sequence[tuple[Candidate, Retrained]], metric: str, constant: Mapping[str, float]
) -> Table:
    """Show what stands for each row, and what it costs: capacity confounds robustness.

    Args:
        rows: What stands for each row of the tables, and how its training went.
        metric: By which each row's candidate was chosen.
        constant: The metrics of one grey for all heads.
    """
    table = Table(title=f"chosen on the ranking subjects by {metric}", box=None)
    for head in ("", *SIZES):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    table.add_row(GREY, *_constant_sizes(metric, constant))
    for network, trained in rows:
        mark = BARRED if trained.missed else ""
        table.add_row(escape(network.row + mark), *_sizes(trained, metric))
    return table


def barred_lines(rows: Sequence[tuple[Candidate, Retrained]]) -> list[str]:
    """Say which rows stand for trainings that could not win, and why.

    Args:
        rows: What stands for each row of the tables, and how its training went.
    """
    return barred_sentences({network.row: trained.missed for network, trained in rows})


def barred_sentences(missed: Mapping[str, Sequence[str]]) -> list[str]:
    """Say which rows could not win, and why.

    Args:
        missed: The constraints that the training of each row misses.
    """
    return [
        f"{row}{BARRED}: its training misses {', '.join(names)}, as all of its row do: it could "
        "not win a search"
        for row, names in missed.items()
        if names
    ]


def sentences(scores: pd.DataFrame, attacks: Sequence[str]) -> list[str]:
    """Say by how much head MAEs differ, clean and attacked.

    Every row is compared with the baseline, the searched ones with each control as well: a network
    that does not beat the plain U-Net and its adversarial twin is not worth a search. There are no
    verdicts: each row is one training, and says nothing of what another seed would reach.
    """
    pairs = _pairs(scores, attacks)
    lines = [NOTE]
    if pairs:
        lines.insert(0, SCOPE.format(count=len(pairs), level=percent(LEVEL)))
    heads = scores[scores["score"] == HEADLINE]
    wide = heads.pivot_table("value", "subject", ["kind", "row"], dropna=False)
    for kind, row, base in pairs:
        first, second = (wide[kind, name].to_numpy(dtype=float) for name in (row, base))
        gap = compare(first, second, len(pairs), DIRECTIONS[HEADLINE]).difference
        lines.append(f"{row} minus {base}, {name_of(kind, scores)}: {_gap(gap)}")
    return [*lines, f"{scores['subject'].nunique()} test subjects"]


def _pairs(scores: pd.DataFrame, attacks: Sequence[str]) -> list[tuple[str, str, str]]:
    """List what is compared under which condition: kind, row, and the row that is subtracted."""
    rows = [row for row in in_order(scores["row"]) if row not in NO_NETWORK]
    sought = searched(rows)
    bases = [base for base in (*CONTROLS, *own(rows)) if base in rows]
    return [
        (kind, row, base)
        for kind in ("clean", *attacks)
        for base in bases
        for row in (rows if base == BASELINE else sought)
        if row != base
    ]


def verdict_of(compared: Comparison, base: str) -> str:
    """Say how head MAE compares with that of a row, such as ``better than Baseline in ...``."""
    gap = _gap(compared.difference)
    if math.isnan(compared.difference.low):
        return f"{gap} beside {base} in head MAE"
    verdict = compared.verdict
    beside = "from" if verdict == "not distinguishable" else "than"
    gap = f"{gap} at {percent(compared.difference.level)}, adjusted p = {compared.p_adjusted:.2g}"
    return f"{verdict} {beside} {base} in head MAE ({gap})"


def _gap(gap: Estimate) -> str:
    """Write a difference in HU with its interval."""
    value = f"{number(gap.value, signed=True)} HU"
    if math.isnan(gap.low):
        return f"{value}, without an interval"
    return f"{value} {interval((gap.low, gap.high), signed=True)}"


def deviation(value: float, digits: int) -> str:
    """Write a standard deviation; nothing where there is none, as of a single value."""
    return "" if math.isnan(value) else f"±{value:.{digits}f}"


def name_of(kind: str, scores: pd.DataFrame) -> str:
    """Write a condition, such as ``PGD at 0.06``."""
    strength = scores.loc[scores["kind"] == kind, "strength"].max()
    return kind if kind == "clean" else f"{kind.upper()} at {strength:g}"


def _heads() -> list[str]:
    return [f"{region}\n{how}" for region in REGIONS for how in ("Nrm.", "Rob.")]


def _rows(
    scores: pd.DataFrame, kind: str, attack: str
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Go through the rows: name, and for each column mean and deviation."""
    digits = 3 if kind == "dice" else 0
    columns = [(f"{kind}_{region}", how) for region in REGIONS for how in ("clean", attack)]
    grouped = scores.groupby(["row", "score", "kind"])["value"]
    means, spreads = grouped.mean(), grouped.std()
    for row in in_order(scores["row"]):
        cells = []
        for score, how in columns:
            mean, spread = means[row, score, how], spreads[row, score, how]
            cells.append((f"{mean:.{digits}f}", deviation(spread, digits)))
        yield row, cells


def _sizes(trained: Retrained, metric: str) -> tuple[str, ...]:
    metrics = trained.metrics
    giga = metrics["multiply_adds"] / 1e9
    network = f"{metrics['parameters']:,.0f}", f"{giga:.2f}", str(trained.epochs)
    return *network, *_values(metric, metrics)


def _constant_sizes(metric: str, constant: Mapping[str, float]) -> tuple[str, ...]:
    return "", "", "", *_values(metric, constant)


def _values(metric: str, metrics: Mapping[str, float]) -> tuple[str, str, str]:
    clean, attacked = (
        metrics[f"ranking_{end}"] for end in ("clean_mae_head", "pgd_mae_head_curve")
    )
    return f"{metrics[metric]:.3f}", f"{clean:.1f}", f"{attacked:.1f}"


def _markdown_sizes(
    rows: Sequence[tuple[Candidate, Retrained]], metric: str, constant: Mapping[str, float]
) -> str:
    heads = ["", "architecture", *SIZES]
    lines = [_line(heads), _line(["---"] * len(heads))]
    lines.append(_line([GREY, "", *_constant_sizes(metric, constant)]))
    for network, trained in rows:
        text = f"`{network.config['architecture'].replace('|', '/')}`"  # a bar would end the cell
        row = to_markdown(network.row + (BARRED if trained.missed else ""))
        lines.append(_line([row, text, *_sizes(trained, metric)]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
