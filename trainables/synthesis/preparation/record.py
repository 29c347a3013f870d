"""Which subject serves what, by the content of its files: written once a run, never drawn again.

A folder of subjects may change between a search and what follows it. If the splits were drawn
again, a subject that trained the networks could become a test subject. So a run writes down the
splits and a SHA-256 of every file, and every later step looks for these contents: under the name
that the run wrote down, then under any other. A file that was packed anew is another file with the
same voxels; so these have a digest of their own, by which subjects of two runs are compared.
Of the subjects of one run near copies are looked for as well, when its record is made.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from searchspace.errors import UserError
from trainables.data.subjects import SPLITS, SubjectSplits, notes_of
from trainables.data.volumes import Subject
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.runtime.arrays import Floats32
from trainables.runtime.files import write_atomically
from trainables.synthesis.preparation.near import look_of, near_pairs

FILE = "contents.json"
PERSONAL = ("mr", "ct")  # parts that two subjects cannot share; masks may be alike
NAMED = 5  # pairs of near copies that a line names
Digests = Mapping[str, str]
"""SHA-256 by part: ``mr``, ``ct``, and ``mask`` where there is one."""


@dataclass(frozen=True)
class Record:
    """The splits of a run, and what the files of each subject held.

    Attributes:
        splits: Of all subjects, before any subset is taken.
        contents: The digests of every subject's files, by name.
        voxels: The digests of every subject's MR and CT as they are read, by name; empty in records
            of earlier versions.
    """

    splits: SubjectSplits
    contents: Mapping[str, Digests]
    voxels: Mapping[str, Digests] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the record into the folder of the run's assets."""
        splits = {split: list(getattr(self.splits, split)) for split in SPLITS}
        subjects = {name: dict(digests) for name, digests in self.contents.items()}
        voxels = {name: dict(digests) for name, digests in self.voxels.items()}
        values = {"splits": splits, "contents": subjects, "voxels": voxels}
        text = json.dumps(values, indent=1)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / FILE, text + "\n")

    def personal(self, name: str) -> tuple[str, ...]:
        """Return all digests by which a subject is told, of files and of voxels."""
        kinds = self.contents[name], self.voxels.get(name, {})
        return tuple(digests[part] for digests in kinds for part in PERSONAL if part in digests)

    @property
    def digest(self) -> str:
        """SHA-256 of splits and contents."""
        contents = json.dumps({name: dict(self.contents[name]) for name in sorted(self.contents)})
        return hashlib.sha256(f"{self.splits.digest}\n{contents}".encode()).hexdigest()

    def difference(self, record: "Record") -> str:
        """Say in what another record differs, by the first subject; empty where it does not."""
        for name in sorted({*self.contents, *record.contents}):
            before, after = self.contents.get(name), record.contents.get(name)
            if before is None or after is None:
                return f"subject '{name}' is in one of them only"
            if before != after:
                parts = (part for part in {*before, *after} if before.get(part) != after.get(part))
                return f"the {' and '.join(sorted(parts))} of subject '{name}' differ"
        return "" if self.splits.digest == record.splits.digest else "their splits differ"

    def locate(
        self, names: Sequence[str], split: str, subjects: Sequence[Subject]
    ) -> dict[str, Subject]:
        """Find recorded subjects by content among those that there are now.

        Args:
            names: Recorded names.
            split: What they serve, for messages.
            subjects: Those that there are now.

        Returns:
            Each subject by its recorded name; it may have another name now.

        Raises:
            UserError: If the content of one is not there; the line names what changed.
        """
        present = {subject.name: subject for subject in subjects}
        located: dict[str, Subject] = {}
        absent = []
        for name in names:
            subject = present.get(name)
            if subject is not None and subject.digests() == self.contents[name]:
                located[name] = subject
            else:
                absent.append(name)
        if absent:
            moved = {_key(subject.digests()): subject for subject in subjects}
            for name in absent:
                match = moved.get(_key(self.contents[name]))
                if match is None:
                    raise self._change(name, split, present.get(name))
                located[name] = match
        return {name: located[name] for name in names}

    def _change(self, name: str, split: str, subject: Subject | None) -> UserError:
        """Say what became of a subject whose content is not there."""
        start = f"subject '{name}' is of the {split} split of this run, but"
        end = "put back what the search saw, or search again"
        if subject is None:
            return UserError(f"{start} it is gone: {end}")
        before, after = self.contents[name], subject.digests()
        changes = [
            _change_of(part, before.get(part), after.get(part), self._owner(name, part, after))
            for part in sorted({*before, *after})
            if before.get(part) != after.get(part)
        ]
        return UserError(f"{start} {' and '.join(changes)}: {end}")

    def _owner(self, name: str, part: str, digests: Digests) -> str | None:
        """Return the other recorded subject that had this part."""
        owners = (
            owner
            for owner, contents in self.contents.items()
            if owner != name and part in digests and contents.get(part) == digests[part]
        )
        return next(owners, None)


def new_record(
    splits: SubjectSplits, subjects: Sequence[Subject], *, keep_near: bool = False
) -> Record:
    """Read every file twice, as it is and as voxels, and write down what each subject holds.

    Args:
        splits: Of all subjects.
        subjects: All of them.
        keep_near: Whether near copies are kept, and only named in the notes of the splits.

    Raises:
        UserError: If a file cannot be used, two subjects have the same MR, or subjects of two
            splits have the same CT, in the same file or packed otherwise; or likewise if they are
            near copies, unless these are kept.
    """
    contents = {subject.name: subject.digests() for subject in subjects}
    split_of = {name: split for split in SPLITS for name in getattr(splits, split)}
    _check_unlike(contents, split_of)
    voxels, looks = dict[str, Digests](), dict[str, dict[str, Floats32 | None]]()
    for subject in subjects:
        volume = subject.load()
        parts = {"mr": volume.mr, "ct": volume.ct}
        voxels[subject.name] = {part: _digest_of(values) for part, values in parts.items()}
        for part, values in parts.items():
            looks.setdefault(part, {})[subject.name] = look_of(values)
    _check_unlike(voxels, split_of)
    if line := _near_line(looks, split_of):
        if not keep_near:
            raise UserError(f"{line}: remove one of each, or say --keep-near")
        splits = replace(splits, notes=(*splits.notes, f"kept: {line}"))
    return Record(splits, contents, voxels)


def _near_line(
    looks: Mapping[str, Mapping[str, Floats32 | None]], split_of: Mapping[str, str]
) -> str:
    """Name near copies: those by MR, and by CT those of two splits; empty where there are none."""
    pairs = {
        pair.names: f"the {part.upper()} of '{first}' and '{second}' ({pair.correlation:.4f})"
        for part in reversed(PERSONAL)
        for pair in near_pairs(looks.get(part, {}))
        for first, second in [pair.names]
        if part == "mr" or split_of[first] != split_of[second]
    }
    if not pairs:
        return ""
    named, surplus = list(pairs.values())[:NAMED], len(pairs) - NAMED
    rest = f" and {surplus} pairs more" if surplus > 0 else ""
    return f"near copies, by the correlation of their voxels: {', '.join(named)}{rest}"


def _check_unlike(contents: Mapping[str, Digests], split_of: Mapping[str, str]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for name, digests in contents.items():
        for part in PERSONAL:
            owner = owners.setdefault((part, digests[part]), name)
            if owner != name and (part == "mr" or split_of[owner] != split_of[name]):
                raise UserError(
                    f"subjects '{owner}' and '{name}' have the same {part.upper()}: remove one"
                )


def _digest_of(values: Floats32) -> str:
    digest = hashlib.sha256(f"{values.shape}\n".encode())
    digest.update(np.ascontiguousarray(values + np.float32(0)).data)  # whole numbers have no -0
    return digest.hexdigest()


def read_record(folder: Path) -> Record:
    """Read the record of a run from the folder of its assets.

    Raises:
        UserError: If there is none, as in runs of earlier versions, or it is damaged.
    """
    file = inside(folder, FILE)
    if not file.is_file():
        raise UserError(
            f"{folder} has no {FILE}: the run is of an earlier version, whose test subjects "
            "cannot be told from those that trained; search again"
        )
    try:
        values = read_json(file)
        train, val, ranking, test = (tuple(values["splits"][split]) for split in SPLITS)
        lists = train, val, ranking, test
        splits = SubjectSplits(train, val, ranking, test, notes_of(*lists))
        names = sum(lists, ())
        contents = {name: dict(values["contents"][name]) for name in names}
        voxels = {name: dict(digests) for name, digests in values.get("voxels", {}).items()}
        return Record(splits, contents, voxels)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{file} is damaged: restore it, or search again") from None


def _key(digests: Digests) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(digests.items()))


def _change_of(part: str, before: str | None, after: str | None, owner: str | None) -> str:
    if after is None:
        return f"its {part} is gone"
    if before is None:
        return f"it has a {part} that it had not"
    return f"its {part} changed" if owner is None else f"its {part} is now that of '{owner}'"
