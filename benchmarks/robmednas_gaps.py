"""Rows of the table of networks and recipes minus controls; all of a table hold together."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from search.results.tables import percent
from trainables.metrics.paired import compare as compare_models
from trainables.metrics.paired import compare_recipes
from trainables.metrics.welch import LEVEL, corrected

COLUMNS = {
    "clean": ("clean", 0.0, "mae_head"),
    "PGD .06": ("pgd", 0.06, "mae_head"),
    "PGD .2": ("pgd", 0.2, "mae_head"),
    "on voxels": ("clean", 0.0, "native_mae_head"),
    "bone bias": ("clean", 0.0, "bias_bone"),
    "bone Dice": ("clean", 0.0, "dice_bone"),
    "PSNR": ("clean", 0.0, "psnr"),
    "SSIM": ("clean", 0.0, "ssim"),
    "MS-SSIM": ("clean", 0.0, "ms_ssim"),
}
"""Of the printed table; the first four are head MAE in HU."""
CLEAN = ("plain U-Net, plain recipe",)
ATTACKED = ("plain U-Net, uniform .12", "plain U-Net, uniform .06")
CONTROLS = {"clean": CLEAN, "PGD .06": ATTACKED, "PGD .2": ATTACKED}
"""What a row has to beat, by the column in which."""


def compare_all(means: pd.Series, rows: Sequence[str]) -> Iterator[str]:
    """Compare every row with its controls; yield a line at what level, then one for each.

    Args:
        means: Values by row, kind, strength, score, fold, seed and subject.
        rows: Names.
    """
    pairs = [
        ((row, control), title)
        for row in rows
        for title, controls in CONTROLS.items()
        for control in controls
        if control in rows and row != control
    ]
    level = percent(corrected(len(pairs)))
    yield (
        f"each row minus its control, over subjects and trainings [interval at {level}; the "
        f"{len(pairs)} of this table hold together in {percent(LEVEL)}, and p is adjusted alike]"
    )
    for names, title in pairs:
        yield compare(means, names, title, len(pairs))


def compare(means: pd.Series, rows: tuple[str, str], title: str, count: int) -> str:
    """Compare two rows, paired by subject, with the chance in subjects and in trainings.

    Args:
        means: Values by row, kind, strength, score, fold, seed and subject.
        rows: The one, and the other, which is subtracted.
        title: A key of `COLUMNS`.
        count: How many comparisons the table prints, which hold together in 95 % of tables.
    """
    tables = [
        means[row, *COLUMNS[title]]
        .reset_index()
        .pivot_table("value", ["fold", "subject"], "seed", dropna=False)
        for row in rows
    ]
    seeds = sorted(set(tables[0]) & set(tables[1]))
    index = tables[0].index.intersection(tables[1].index)
    first, second = (table.loc[index, seeds].to_numpy(dtype=np.float64).T for table in tables)
    if len(seeds) > 1:
        compared = compare_recipes(first, second, count, "min")
    else:
        compared = compare_models(first[0], second[0], count, "min")
    gap, better = compared.difference, (first.mean(axis=0) < second.mean(axis=0)).sum()
    name, control = rows
    return (
        f"{name[:42]:42} {title:9} {gap.value:+7.1f} [{gap.low:+.1f}, {gap.high:+.1f}] HU, "
        f"p {compared.p_adjusted:.2g}, better in {better} of {compared.n}; minus {control}"
    )
