"""What the nonrobust study adds to a report: how much is brittle, in bars and in words."""

from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from analysis.extras import Exhibit, Extras
from analysis.load import Run
from analysis.numbers.tables import yardstick
from analysis.studies.nonrobust.figures import draw_corruptions, draw_decomposition
from analysis.studies.nonrobust.numbers import (
    CONDITIONS,
    CORRUPTIONS,
    decomposition,
    middle_radius,
    read_corruptions,
    words,
)


def features(run: Run) -> Exhibit | None:
    """Show the decomposition of a run; None where no reference was measured."""
    table = decomposition(run)
    radius = middle_radius(run)
    if table.empty or radius is None:
        return None
    chance = yardstick(run).level
    attack = f"attacked, {255 * radius:.2g}/255"
    sentences = " ".join(words(run))
    return Exhibit(
        name="features",
        title="What networks use: robust and nonrobust features.",
        alt=f"Bars of balanced accuracy, clean, {attack} and corrupted. {sentences}",
        caption=(
            f"Balanced accuracy on the images that rank, with 95 % intervals over images; {attack} "
            f"under the attack that ranks; corrupted: the mean over corruptions. {sentences}"
        ),
        draw=partial(draw_decomposition, table, chance, attack),
        table=table,
        cells=table[["network", *CONDITIONS]].round(3),
    )


def corruptions(file: Path) -> Figure:
    """Draw the scores of networks along the severity of corruptions.

    Raises:
        UserError: If the file is damaged.
    """
    return draw_corruptions(read_corruptions(file))


EXTRAS = Extras(exhibits=(features,), experiments={CORRUPTIONS: corruptions})
