"""``python -m search simulate``: searches in virtual time, over a table of results."""

from typing import Annotated

import typer

from trainables.study.settings import MACHINE, OUTPUT, SEARCH

TABLE, PRICE = "Table", "Price"


def simulate(  # noqa: PLR0913, PLR0917 - one argument an option
    table: Annotated[
        str,
        typer.Argument(
            help="CSV file, maybe .gz, with columns arch, clean, ATTACK_epsRADIUS...; or "
            "'generated'.",
            metavar="TABLE",
            show_default=False,
        ),
    ],
    target: Annotated[
        str, typer.Option(help="Column that decides which network is best.", rich_help_panel=TABLE)
    ] = "apgd_ce_eps1",
    floor: Annotated[
        float,
        typer.Option(
            help="Least clean accuracy of an eligible network; 0 for none.",
            min=0,
            max=1,
            rich_help_panel=TABLE,
        ),
    ] = 0.9,
    ladder: Annotated[
        str | None,
        typer.Option(
            help="What the engine measures, rung by rung.",
            show_default="the target, then the target again",
            rich_help_panel=PRICE,
        ),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            help="On how many images, for each rung or for all: a number, or all. Fewer cost "
            "less and add noise.",
            show_default="1000 below the last rung, all there",
            rich_help_panel=PRICE,
        ),
    ] = None,
    prices: Annotated[
        str,
        typer.Option(
            help="Forward and backward passes for an image, such as pgd=41, over the defaults.",
            show_default="clean=1,fgsm=3,pgd=81,apgd_ce=201,square=5001",
            rich_help_panel=PRICE,
        ),
    ] = "",
    trials: Annotated[
        int, typer.Option(help="Networks that a search may try.", min=1, rich_help_panel=SEARCH)
    ] = 200,
    workers: Annotated[
        int, typer.Option(help="At the same time.", min=1, rich_help_panel=SEARCH)
    ] = 8,
    seeds: Annotated[
        int, typer.Option(help="Searches of each method.", min=1, rich_help_panel=SEARCH)
    ] = 30,
    seed: Annotated[
        int, typer.Option(help="Of the first search.", min=0, rich_help_panel=SEARCH)
    ] = 0,
    sampler: Annotated[
        str,
        typer.Option(
            help="The engine's; several between commas are compared.", rich_help_panel=SEARCH
        ),
    ] = "tpe",
    scheduler: Annotated[str, typer.Option(help="The engine's.", rich_help_panel=SEARCH)] = "asha",
    jobs: Annotated[
        int | None,
        typer.Option(help="Processes.", min=1, show_default="one a core", rich_help_panel=MACHINE),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            help="File for all numbers: .json, or .csv with a row for each search.",
            show_default="none",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
) -> int:
    """Search a table of results in virtual time, and compare with other ways to search it."""
    from pathlib import Path  # noqa: PLC0415 - everything heavy comes after --help

    from rich.console import Console  # noqa: PLC0415

    from search.plan import available_cores  # noqa: PLC0415
    from search.simulation.bench import Setup  # noqa: PLC0415
    from search.simulation.run import simulate as run  # noqa: PLC0415
    from search.simulation.tables.ladder import parse_ladder, parse_prices, split  # noqa: PLC0415

    priced = parse_prices(prices)
    setup = Setup(
        table=table,
        target=target,
        floor=floor,
        ladder=parse_ladder(f"{target},{target}" if ladder is None else ladder, images, priced),
        prices=priced,
        samplers=tuple(split(sampler)),
        scheduler=scheduler,
        trials=trials,
        workers=workers,
        seeds=seeds,
        seed=seed,
    )
    run(setup, jobs or available_cores(), Path(out) if out else None, Console())
    return 0
