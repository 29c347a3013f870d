"""``python -m search nonrobust-table``, ``nonrobust-examine`` and ``nonrobust-corruptions``."""

from pathlib import Path
from typing import Annotated

import typer

from search.comparison.command import comparison_command, offer
from search.comparison.options import (
    SEEDS,
    EpochsOption,
    OutOption,
    RankingImagesOption,
    SeedsOption,
)

ClassifierOption = Annotated[
    str | None, typer.Option(help="cnn, wrn-16-2, wrn-16-8 and others; as of nonrobust.")
]
RadiusOption = Annotated[
    float, typer.Option(help="Of the attack, in 255ths of the pixel range.", min=0.1, max=255)
]
SuiteOption = Annotated[
    str,
    typer.Option(
        help="c-like (this program's table, at the images' size), artefacts (of MR and CT), "
        "medmnist-c (as defined, 224 pixels), or 'c-like via 224' (the same on smaller images)."
    ),
]
RunArgument = Annotated[
    Path,
    typer.Argument(
        help="A finished run of a study of classifiers.", metavar="RUN", resolve_path=True
    ),
]


def examine(
    run: RunArgument,
    out: OutOption,
    *,
    seeds: SeedsOption = SEEDS,
    radius: RadiusOption = 4.0,
    epochs: EpochsOption = None,
    images: RankingImagesOption = None,
) -> int:
    """Measure how much of what a run's winner uses is brittle, on the images that ranked it.

    Args:
        run: Its folder.
        out: For all that is written.
        seeds: Of sets and students.
        radius: Of the attack, in 255ths.
        epochs: Of a training; None for the run's.
        images: At most so many of those that ranked.
    """
    from rich.console import Console  # noqa: PLC0415

    from search.nonrobust.examine import ExamPlan  # noqa: PLC0415
    from search.nonrobust.examine import examine as work  # noqa: PLC0415

    plan = ExamPlan(run=run, out=out, seeds=seeds, radius=radius, epochs=epochs, images=images)
    return work(plan, Console())


def corruptions(
    run: RunArgument,
    out: OutOption,
    *,
    suite: SuiteOption = "c-like",
    images: RankingImagesOption = None,
) -> int:
    """Score the networks of a run under corruptions, by fold, kind and severity.

    Args:
        run: Its folder.
        out: For the table and the numbers.
        suite: Its name.
        images: At most so many of those that ranked.
    """
    from rich.console import Console  # noqa: PLC0415

    from search.nonrobust.corruptions import corruptions as work  # noqa: PLC0415

    return work(run, out, suite, images, Console())


COMMANDS = {
    "nonrobust-table": comparison_command(
        "Train and test standard, TRADES and nonrobust networks and their controls on datasets.",
        "search.nonrobust.table",
        datasets=(
            "paper",
            "Names with commas; paper for five sets of its modalities; all for all.",
        ),
        fractions="1.0",
        settings=[offer("classifier", ClassifierOption)],
        own=[offer("radius", RadiusOption, 4.0)],
    ),
    "nonrobust-examine": examine,
    "nonrobust-corruptions": corruptions,
}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
