"""Write the files for clusters, the notebooks and the source code of an installed package."""

import shutil
from pathlib import Path

from searchspace.errors import UserError
from trainables.runtime.files import cannot_write

TREE = Path(__file__).parent / "tree"  # links to the top of the repository; a wheel holds the files
PACKAGES = ("searchspace", "trainables", "search", "analysis")


def write_tree(folder: Path) -> list[Path]:
    """Write a source tree from which ``ray up cluster.yaml`` starts a cluster, as from a checkout.

    The cluster files send the folder that they lie in to every node and install it there. So the
    four packages are written beside them, byte for byte as they are installed here: the nodes must
    have the driver's code. Tests are not in the tree.

    Args:
        folder: A new or empty folder.

    Returns:
        What now lies in the folder, sorted by name.

    Raises:
        UserError: If the folder holds anything already, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists and is not empty: name a new folder")
    try:
        hidden = shutil.ignore_patterns(".*")  # caches of tools
        shutil.copytree(TREE, folder, dirs_exist_ok=True, ignore=hidden)
        for package in PACKAGES:
            source = Path(__file__).parents[2] / package
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / package, ignore=ignored)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return sorted(folder.iterdir())
