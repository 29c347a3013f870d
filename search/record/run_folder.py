"""The folder of a run: where each thing lies in it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from searchspace.errors import UserError
from trainables.door.opening import (
    copy_tree,
    is_empty,
    left_by_dead,
    list_folder,
    names_in,
    remove_file,
    remove_folder,
    sync_tree,
)
from trainables.door.paths import inside
from trainables.runtime.files import cannot_write

MANIFEST = "manifest.json"
RUN_FILE = "run.yaml"
CHECKPOINT = "checkpoint.safetensors"
SAVED = frozenset({CHECKPOINT, "ranking.npz", "model.json", "model.safetensors"})  # by trials
SHEET = re.compile(r"[0-9]+-[A-Za-z0-9_-]+\.npz")  # of `pictures`
OPENINGS = "test_openings.json"  # how often the test split of a run was looked at


def _as_it_is(path: Path) -> Path:
    return path


@dataclass(frozen=True)
class RunFolder:
    """Paths in a run folder; none of them leads out of it, by its name or by a link.

    Attributes:
        path: The folder, absolute, since workers have another current folder.
        bring: Returns where a folder of the run lies here; fetches it where it has to.
        prepared: The run whose assets are used; None for its own. A confirmation trains on those of
            the run that it confirms.
    """

    path: Path
    bring: Callable[[Path], Path] = _as_it_is
    prepared: Path | None = None

    @property
    def run_file(self) -> Path:
        """The options of the run, for ``--config``: the same run again."""
        return inside(self.path, RUN_FILE)

    @property
    def manifest(self) -> Path:
        """What was run, on what, with which versions and seeds, and how it ended."""
        return inside(self.path, MANIFEST)

    @property
    def events(self) -> Path:
        """All that happened, in order, one JSON object a line: the truth all else follows from."""
        return inside(self.path, "events.jsonl")

    @property
    def table(self) -> Path:
        """One row per trial."""
        return inside(self.path, "trials.csv")

    @property
    def journal(self) -> Path:
        """The Optuna study."""
        return inside(self.path, "study.journal")

    @property
    def assets(self) -> Path:
        """What all trials share: splits, frozen models."""
        return inside(self.prepared or self.path, "assets")

    @property
    def preparing(self) -> Path:
        """The assets while they are made; it becomes `assets` once they are whole."""
        return inside(self.path, ".assets.new")

    @property
    def best(self) -> Path:
        """A copy of the winner's folder."""
        return inside(self.path, "best")

    @property
    def pictures(self) -> Path:
        """What can be shown of the winner: sheets of images, as numbers."""
        return inside(self.path, "pictures")

    @property
    def lock(self) -> Path:
        """Held by the process that runs the search; released however it dies."""
        return inside(self.path, ".lock")

    @property
    def traceback(self) -> Path:
        """What went wrong, should the engine itself fail."""
        return inside(self.path, "traceback.txt")

    @property
    def scratch(self) -> Path:
        """Ray Tune's own files, removed at the end; not ``.ray``, which a home folder has, too."""
        return inside(self.path, ".search-scratch")

    def contents(self) -> list[str]:
        """List the names in the folder."""
        return [name for name in names_in(self.path) if not name.startswith(".")]

    @property
    def trials(self) -> Path:
        """The folders of all trials."""
        return inside(self.path, "trials")

    def trial(self, trial_id: str) -> Path:
        """The folder that a trial saves into."""
        return inside(self.path, "trials", trial_id)

    def saved(self, trial_id: str) -> Path:
        """The folder that a trial has saved into, wherever it ran."""
        return self.bring(self.trial(trial_id))

    def checkpoint(self, trial_id: str) -> Path:
        """What a trial that has not ended goes on from."""
        return inside(self.path, "trials", trial_id, CHECKPOINT)

    def withdraw(self) -> bool:
        """Remove a run of this process that ended before its first trial, file by file.

        Only for a folder that was empty when this process began the run in it: then the files of
        these names are this process's own.

        Returns:
            Whether that was done: a folder that holds any other name is left as it is.
        """
        files = (self.manifest, self.run_file, self.journal, self.lock)
        folders = (self.assets, self.preparing, self.scratch)
        names = {path.name for path in (*files, *folders)}
        if not names.issuperset(names_in(self.path)):
            return False
        for folder in folders:
            remove_folder(folder)
        for file in files:
            remove_file(file)
        return True

    def clear_left(self) -> None:
        """Remove what a dead process was about to put in place of a file of this program."""
        records = {self.manifest, self.run_file, self.table, self.traceback}
        for file, process in left_by_dead(self.path):
            target = file.with_name(file.name[1 : -len(f".{process}")])
            if target in records or (target.name in SAVED and target.parent.parent == self.trials):
                remove_file(file)

    def clear_pictures(self) -> None:
        """Remove the sheets of images; what else lies in their folder stays."""
        for file in self.sheets():
            remove_file(file)

    def sheets(self) -> list[Path]:
        """List the sheets of images, in their order."""
        return [file for file in list_folder(self.pictures) if SHEET.fullmatch(file.name)]

    def keep_best(self, trial_id: str) -> None:
        """Copy the winner's folder."""
        saved = self.saved(trial_id)
        if saved.is_dir():
            try:
                copy_tree(saved, self.best)
                sync_tree(self.best)
            except OSError as error:
                raise cannot_write(self.best, error) from error


def create_run_folder(path: Path) -> RunFolder:
    """Make a run folder.

    Raises:
        UserError: If it cannot be written to, or holds something already.
    """
    folder = RunFolder(path.expanduser().resolve())
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        if not is_empty(folder.path):
            raise UserError(f"the run folder {path} is not empty: name a new one with --run")
        folder.assets.mkdir()
    except OSError as error:
        raise cannot_write(folder.path, error) from error
    return folder
