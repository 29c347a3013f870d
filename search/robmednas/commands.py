"""The commands of RobMedNAS beside its search: what follows it, ``synthesise``, ``phantom``."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search.exit_status import INTERRUPTED
from searchspace.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

Folder = Annotated[
    Path,
    typer.Argument(
        help="Folder of a finished robmednas-final.", metavar="FOLDER", resolve_path=True
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Where the subjects are, for runs that were not made here.",
        resolve_path=True,
        show_default="as the runs were started",
    ),
]


Networks = Annotated[
    list[str] | None,
    typer.Option(
        help="A further network, such as 'plain 8 16 32', 'monai unet', or code: module:Name or "
        "./file.py:Name, a class or function without arguments. May be repeated.",
    ),
]
Code = Annotated[
    list[str] | None,
    typer.Option(
        "--network",
        help="Code of your own that the model is made of: module:Name or ./file.py:Name. May be "
        "repeated.",
    ),
]


def _until_stopped(work: Callable[[], int], folder: Path, console: "Console") -> int:
    """Do long work that keeps what it finished, and say so where the user stops it."""
    try:
        return work()
    except KeyboardInterrupt:
        line = f"stopped: give the same command again, and {folder} goes on"
        console.print(line, markup=False, highlight=False)
        return INTERRUPTED


def _allow(networks: list[str] | None) -> None:
    """Import the networks that are code, so that saved ones can be built again.

    Raises:
        UserError: If one is none: what else a model is made of, it says itself.
    """
    from trainables.models.ct.named import allow  # noqa: PLC0415 - loads torch

    for text in networks or ():
        if ":" not in text:
            raise UserError(
                f"--network is '{text}': name the code that the model needs, module:Name or "
                "./file.py:Name"
            )
        allow(text)


def final(  # noqa: PLR0913, PLR0917 - its options
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Finished robmednas runs, by tpe (T), bayes (B), evolution (E), random (R)...",
            metavar="RUN",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(help="Folder for all that is written; one begun goes on.", resolve_path=True),
    ],
    random: Annotated[
        int, typer.Option(help="Architectures drawn at random; the paper drew 15.", min=0)
    ] = 3,
    epochs: Annotated[int, typer.Option(help="Most epochs of a training.", min=1)] = 150,
    patience: Annotated[
        int, typer.Option(help="Epochs without a better val loss that end a training.", min=1)
    ] = 5,
    eps: Annotated[
        float, typer.Option(help="Of the attacks on test, in MR standard deviations.", min=0)
    ] = 0.06,
    seed: Annotated[int, typer.Option(help="Of trainings, draws and attacks.", min=0)] = 0,
    data: Data = None,
    network: Networks = None,
) -> int:
    """Retrain the winners beside the baselines, then look at the test subjects once."""
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.robmednas.final import FinalPlan  # noqa: PLC0415
    from search.robmednas.final import final as run  # noqa: PLC0415

    networks = tuple(network or ())
    plan = FinalPlan(tuple(runs), out, random, epochs, patience, eps, seed, data, networks)
    console = Console()
    return _until_stopped(lambda: run(plan, console), out, console)


def corruption(folder: Folder, data: Data = None, network: Code = None) -> int:
    """Score the final networks on test under rising attack and noise (figure 7).

    Args:
        folder: Of a finished final.
        data: Where the subjects are; None for where the final says.
        network: What the final was told to add, if that was code.
    """
    _allow(network)
    from rich.console import Console  # noqa: PLC0415

    from search.robmednas.corruption import corruption as run  # noqa: PLC0415

    return run(folder, Console(), data)


def stability(
    folder: Folder,
    initialisations: Annotated[int, typer.Option(help="Seeds to start from.", min=1)] = 11,
    folds: Annotated[int, typer.Option(help="Groups of training subjects.", min=2)] = 8,
    data: Data = None,
) -> int:
    """Retrain the chosen architecture with other seeds and other subjects (figure 6)."""
    from rich.console import Console  # noqa: PLC0415

    from search.robmednas.stability import stability as run  # noqa: PLC0415

    console = Console()
    return _until_stopped(
        lambda: run(folder, initialisations, folds, console, data), folder, console
    )


def phantom(
    folder: Annotated[Path, typer.Argument(help="New or empty.", metavar="DIR", resolve_path=True)],
    subjects: Annotated[int, typer.Option(help="How many heads.", min=1)] = 40,
    slices: Annotated[int, typer.Option(help="Of each.", min=1)] = 3,
    size: Annotated[int, typer.Option(help="Voxels to a side.", min=8)] = 64,
    field: Annotated[float, typer.Option(help="Millimetres that they cover.", min=1)] = 256.0,
    seed: Annotated[int, typer.Option(help="Another seed, other heads.", min=0)] = 0,
) -> int:
    """Write the phantom's heads as NIfTI, a folder for each."""
    from trainables.data.phantoms.heads import phantom_subjects, write_nifti  # noqa: PLC0415

    write_nifti(phantom_subjects(subjects, size, slices, field, seed), folder, typer.echo)
    return 0


def synthesise(
    model: Annotated[
        Path,
        typer.Argument(
            help="A run, its confirmation, a robmednas-final or an exported model.",
            metavar="MODEL",
            resolve_path=True,
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(help="Folder with a folder a subject: mr, maybe ct, mask.", resolve_path=True),
    ],
    out: Annotated[
        Path, typer.Option(help="New or empty folder, or one to go on in.", resolve_path=True)
    ],
    network: Code = None,
) -> int:
    """Write a CT for every MR of a folder: OUT/SUBJECT/sct.nii.gz, on the MR's grid."""
    _allow(network)
    from rich.console import Console  # noqa: PLC0415

    from search.robmednas.synthesise import synthesise_folder  # noqa: PLC0415

    return synthesise_folder(model, data, out, Console())


COMMANDS = {
    "synthesise": synthesise,
    "robmednas-final": final,
    "robmednas-corruption": corruption,
    "robmednas-stability": stability,
    "phantom": phantom,
}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
