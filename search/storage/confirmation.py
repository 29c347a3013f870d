"""A confirmation of a stored run: its records go to the store once it has ended or stopped."""

from pathlib import Path

from search.record.run_folder import RunFolder
from search.storage.runs import LARGE, Claim


def keep_confirmation(folder: Path, run: RunFolder, claim: Claim) -> None:
    """Send the records of a confirmation to the store of its run.

    Models, examinations and the test split are not among them: they are sent as soon as they are
    written.

    Args:
        folder: Of the confirmation, inside the run's.
        run: That is confirmed.
        claim: To the run.
    """
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(run.path).as_posix()
        is_asset = (folder / "training" / run.assets.name) in file.parents  # the run's, linked
        is_large = not LARGE.isdisjoint(file.relative_to(folder).parts)
        if file.is_file() and not (is_asset or is_large or file.name.startswith(".")):
            claim.store.upload(file, name)
