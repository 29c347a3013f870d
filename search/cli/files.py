"""``python -m search files``: what an installed package needs to start a cluster."""

from pathlib import Path
from typing import Annotated

import typer


def files(
    folder: Annotated[
        Path, typer.Argument(help="New or empty.", metavar="DIR", show_default=False)
    ],
) -> int:
    """Write cluster files, notebooks, documents and this code, as in a checkout."""
    from search.files.write import write_tree  # noqa: PLC0415 - everything comes after --help

    names = [path.name for path in write_tree(folder.expanduser())]
    typer.echo(f"written to {folder}: {', '.join(names)}")
    return 0
