"""The paper's tables 2 and 3: Dice and MAE by region, clean and attacked, over test subjects."""

import math
from collections.abc import Collection, Iterator, Sequence

import pandas as pd
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search.results.tables import interval, number, percent
from search.robmednas.retrain import Retrained
from search.robmednas.sources import (
    BASELINE,
    CONTROLS,
    NO_NETWORK,
    Candidate,
    in_order,
    own,
    searched,
)
from trainables.door.text import to_markdown
from trainables.metrics.paired import Comparison, compare
from trainables.metrics.synthesis import DIRECTIONS, REGIONS

KINDS = {"dice": "Dice", "mae": "MAE, HU"}
SIZES = ("parameters", "GMAC", "epochs", "value", "clean HU", "PGD HU")
NOTE = "Nrm. clean, Rob. attacked; mean and standard deviation over test subjects"
SCOPE = (
    "all comparisons are of one training each, over subjects: other seeds of either network may "
    "turn them (robmednas-stability)"
)
STAR = "* differs from the training of Baseline: Student's t, Bonferroni, p < 0.05"


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
) -> str:
    """Write all tables and sentences as Markdown.

    Args:
        scores: On test, as `search.robmednas.testing.score` lists them.
        rows: What stands for each row of the tables, and how its training went.
        attacks: Names of the attacks, in the order of the tables.
        metric: By which each row's candidate was chosen.
    """
    parts = [_markdown_sizes(rows, metric)]
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
    return "\n\n".join(parts) + "\n\n" + "  \n".join(sentences(scores, attacks)) + "\n"


def sizes_table(rows: Sequence[tuple[Candidate, Retrained]], metric: str) -> Table:
    """Show what stands for each row, and what it costs: capacity confounds robustness.

    The metric is the one by which each row's candidate was chosen.
    """
    table = Table(title=f"chosen on the ranking subjects by {metric}", box=None)
    for head in ("", *SIZES):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    for cells in _sizes(rows, metric):
        table.add_row(escape(cells[0]), *cells[1:])
    return table


def sentences(scores: pd.DataFrame, attacks: Sequence[str]) -> list[str]:
    """Say how head MAEs compare, clean and attacked.

    Every row is compared with the baseline, the searched ones with each control as well: a network
    that does not beat the plain U-Net and its adversarial twin is not worth a search.
    """
    lines = [SCOPE, NOTE, STAR]
    rows, sought = in_order(scores["row"]), searched(scores["row"])
    for kind in ("clean", *attacks):
        lines += _sentences_of(scores, kind, BASELINE, rows)
        for control in (*CONTROLS[1:], *own(rows)):
            lines += _sentences_of(scores, kind, control, sought)
    return [*lines, f"{scores['subject'].nunique()} test subjects"]


def _sentences_of(
    scores: pd.DataFrame, kind: str, base: str, names: Collection[str]
) -> Iterator[str]:
    """Say how some rows compare with one of them in head MAE under one condition."""
    for row, compared in comparisons(scores, kind, "mae_head", base).items():
        if row in names:
            yield f"{row}, {name_of(kind, scores)}: this training is {verdict_of(compared, base)}"


def verdict_of(compared: Comparison, base: str) -> str:
    """Say how head MAE compares with that of a row, such as ``better than Baseline in ...``."""
    if math.isnan(compared.difference.low):
        return f"{_gap(compared)} beside {base} in head MAE, without an interval"
    verdict = compared.verdict
    beside = "from" if verdict == "not distinguishable" else "than"
    return f"{verdict} {beside} {base} in head MAE ({_gap(compared)})"


def _gap(comparison: Comparison) -> str:
    """Write a difference in HU with its interval and p, both corrected alike."""
    gap = comparison.difference
    value = f"{number(gap.value, signed=True)} HU"
    if math.isnan(gap.low):
        return value
    bounds = f"{interval((gap.low, gap.high), signed=True)} at {percent(gap.level)}"
    return f"{value} {bounds}, adjusted p = {comparison.p_adjusted:.2g}"


def comparisons(
    scores: pd.DataFrame, kind: str, score: str, base: str = BASELINE
) -> dict[str, Comparison]:
    """Compare every row with one of them, paired by subject.

    Args:
        scores: On test, as `search.robmednas.testing.score` lists them.
        kind: The condition: ``clean`` or the name of an attack.
        score: Such as ``mae_head``.
        base: The row that the others are compared with.

    Returns:
        The comparison of each row, in the order of the tables; empty without that row.
    """
    of_networks = ~scores["row"].isin(NO_NETWORK)
    values = scores[of_networks & (scores["kind"] == kind) & (scores["score"] == score)]
    wide = values.pivot_table(index="subject", columns="row", values="value", dropna=False)
    if base not in wide:
        return {}
    rows = [row for row in in_order(map(str, wide.columns)) if row != base]
    values_of_base = wide[base].to_numpy(dtype=float)
    return {
        row: compare(wide[row].to_numpy(dtype=float), values_of_base, len(rows), DIRECTIONS[score])
        for row in rows
    }


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
    """Go through the rows: name, and for each column mean (with its star) and deviation."""
    digits = 3 if kind == "dice" else 0
    columns = [(f"{kind}_{region}", how) for region in REGIONS for how in ("clean", attack)]
    compared = {column: comparisons(scores, column[1], column[0]) for column in columns}
    grouped = scores.groupby(["row", "score", "kind"])["value"]
    means, spreads = grouped.mean(), grouped.std()
    for row in in_order(scores["row"]):
        cells = []
        for score, how in columns:
            comparison = compared[score, how].get(row)
            differs = comparison and comparison.verdict != "not distinguishable"
            star = "*" if differs else ""
            mean, spread = means[row, score, how], spreads[row, score, how]
            cells.append((f"{mean:.{digits}f}{star}", deviation(spread, digits)))
        yield row, cells


def _sizes(rows: Sequence[tuple[Candidate, Retrained]], metric: str) -> list[list[str]]:
    lines = []
    for network, trained in rows:
        metrics = trained.metrics
        giga = metrics["multiply_adds"] / 1e9
        numbers = (
            f"{metrics['parameters']:,.0f}",
            f"{giga:.2f}",
            str(trained.epochs),
            f"{metrics[metric]:.3f}",
            f"{metrics['ranking_clean_mae_head']:.1f}",
            f"{metrics['ranking_pgd_mae_head_curve']:.1f}",
        )
        lines.append([network.row, *numbers])
    return lines


def _markdown_sizes(rows: Sequence[tuple[Candidate, Retrained]], metric: str) -> str:
    heads = ["", "architecture", *SIZES]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for (network, _), (row, *numbers) in zip(rows, _sizes(rows, metric), strict=True):
        text = f"`{network.config['architecture'].replace('|', '/')}`"  # a bar would end the cell
        lines.append(_line([to_markdown(row), text, *numbers]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
