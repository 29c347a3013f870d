"""``python -m search simulate``: searches in virtual time, over a table of results."""

from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import NonNegativeInt, PositiveInt

from search.cli.options import parameter
from search.options import options_of, with_parameters
from trainables.runtime.config import Frozen, parse
from trainables.study.settings import MACHINE, OUTPUT, SEARCH, setting

if TYPE_CHECKING:
    from search.simulation.bench import Setup

TABLE, PRICE = "Table", "Price"
Table = Annotated[
    str,
    typer.Argument(
        help="CSV file, maybe .gz, with columns arch, clean, ATTACK_epsRADIUS...; or 'generated'.",
        metavar="TABLE",
        show_default=False,
    ),
]


class Options(Frozen):
    """The options of the command."""

    target: str = setting("apgd_ce_eps1", "Column that decides which network is best.", TABLE)
    floor: float = setting(
        0.9, "Least clean accuracy of an eligible network; 0 for none.", TABLE, ge=0, le=1
    )
    ladder: str | None = setting(
        None,
        "What the engine measures, rung by rung.",
        PRICE,
        default_text="the target, then the target again",
    )
    images: str | None = setting(
        None,
        "On how many images, for each rung or for all: a number, or all. Fewer cost less and add "
        "noise.",
        PRICE,
        default_text="1000 below the last rung, all there",
    )
    prices: str = setting(
        "",
        "Forward and backward passes for an image, such as pgd=41, over the defaults.",
        PRICE,
        default_text="clean=1,fgsm=3,pgd=81,apgd_ce=201,square=5001",
    )
    trials: PositiveInt = setting(200, "Networks that a search may try.", SEARCH)
    workers: PositiveInt = setting(8, "At the same time.", SEARCH)
    seeds: PositiveInt = setting(30, "Searches of each method.", SEARCH)
    seed: NonNegativeInt = setting(0, "Of the first search.", SEARCH)
    sampler: str = setting("tpe", "The engine's; several between commas are compared.", SEARCH)
    scheduler: str = setting("asha", "The engine's.", SEARCH)
    jobs: PositiveInt | None = setting(None, "Processes.", MACHINE, default_text="one a core")
    out: Path | None = setting(
        None,
        "File for all numbers: .json, or .csv with a row for each search.",
        OUTPUT,
        default_text="none",
    )

    def setup(self, table: str) -> "Setup":
        """Return what is simulated over a table."""
        from search.simulation.bench import Setup  # noqa: PLC0415 - everything heavy comes late
        from search.simulation.tables.ladder import (  # noqa: PLC0415
            parse_ladder,
            parse_prices,
            split,
        )

        prices = parse_prices(self.prices)
        ladder = f"{self.target},{self.target}" if self.ladder is None else self.ladder
        return Setup(
            table=table,
            target=self.target,
            floor=self.floor,
            ladder=parse_ladder(ladder, self.images, prices),
            prices=prices,
            samplers=tuple(split(self.sampler)),
            scheduler=self.scheduler,
            trials=self.trials,
            workers=self.workers,
            seeds=self.seeds,
            seed=self.seed,
        )


def _simulate(table: str, **values: object) -> int:
    """Search a table of results in virtual time, and compare with other ways to search it."""
    from rich.console import Console  # noqa: PLC0415

    from search.plan import available_cores  # noqa: PLC0415
    from search.simulation.run import simulate as run  # noqa: PLC0415

    options = parse(Options, values)
    run(options.setup(table), options.jobs or available_cores(), options.out, Console())
    return 0


simulate = with_parameters(
    _simulate,
    Parameter("table", Parameter.KEYWORD_ONLY, annotation=Table),
    *(parameter(option) for option in options_of(Options)),
)
