"""A confirmation of a stored run: its records go to the store once it has ended or stopped."""

from pathlib import Path

from search.record.run_folder import RunFolder
from search.storage.runs import LARGE, Claim
from trainables.door.opening import files_below


def keep_confirmation(folder: Path, run: RunFolder, claim: Claim) -> None:
    """Send the records of a confirmation to the store of its run.

    Models, examinations and the test split are not among them: they are sent as soon as they are
    written.

    Args:
        folder: Of the confirmation, inside the run's.
        run: That is confirmed.
        claim: To the run.
    """
    for file in files_below(folder):
        name = file.relative_to(run.path).as_posix()
        parts = file.relative_to(folder).parts
        is_asset = parts[:2] == ("training", "assets")  # once a link to the run's
        if not (is_asset or LARGE.intersection(parts) or file.name.startswith(".")):
            claim.store.upload(file, name)
