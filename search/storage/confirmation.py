"""A confirmation of a stored run: its records beside the run's, once it has ended or stopped."""

from pathlib import Path

from search.record.run_folder import RunFolder
from search.storage.runs import LARGE, Claim


def keep_confirmation(folder: Path, run: RunFolder, claim: Claim) -> None:
    """Send what is not there yet: all but models, examinations and the split, sent when made.

    Args:
        folder: Of the confirmation, in the run's.
        run: That is confirmed.
        claim: To the run.
    """
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(run.path).as_posix()
        linked = (folder / "training" / run.assets.name) in file.parents
        large = not LARGE.isdisjoint(file.relative_to(folder).parts)
        if file.is_file() and not (linked or large or file.name.startswith(".")):
            claim.store.upload(file, name)
