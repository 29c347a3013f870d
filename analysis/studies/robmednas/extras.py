"""What RobMedNAS adds: architectures as numbers and pictures, and what follows a search."""

from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from analysis.extras import Exhibit, Extras
from analysis.load import Run
from analysis.studies.robmednas.architecture import draw
from analysis.studies.robmednas.experiments import CORRUPTION, STABILITY, read
from analysis.studies.robmednas.figures import draw_corruption, draw_stability
from analysis.studies.robmednas.numbers import blocks, describe_architectures, winning_architecture


def architecture(run: Run) -> Exhibit | None:
    """Show the winner's architecture; None without a winner."""
    winner = winning_architecture(run)
    if winner is None:
        return None
    table, text = blocks(*winner), str(winner[0])
    ratios = [f"1/{ratio}" if ratio else "" for ratio in table["SE"]]
    return Exhibit(
        name="architecture",
        title="The winner's architecture.",
        alt=f"The winner's U-Net: {text}",
        caption=f"Blocks in the order of computation, their branches and filters: {text}",
        draw=partial(draw, *winner),
        table=table,
        cells=table.assign(SE=ratios),
    )


def corruption(file: Path) -> Figure:
    """Draw the scores under rising attack and noise.

    Raises:
        UserError: If the file is damaged.
    """
    return draw_corruption(read(file))


def stability(file: Path) -> Figure:
    """Draw the scores of repeated trainings.

    Raises:
        UserError: If the file is damaged.
    """
    return draw_stability(read(file))


EXTRAS = Extras(
    settings=describe_architectures,
    exhibits=(architecture,),
    experiments={CORRUPTION: corruption, STABILITY: stability},
)
