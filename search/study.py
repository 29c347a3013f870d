"""A study by import path: naming it loads nothing."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from searchspace.errors import UserError
from trainables.runtime.plugins import Registry

if TYPE_CHECKING:  # what the list of commands does without
    from trainables.study.settings import StudySettings
    from trainables.study.study import Study

GUEST = "guest"  # the field of a manifest that says where the code of a user's own study is


@dataclass(frozen=True)
class StudyRow:
    """A row of the table of studies.

    Attributes:
        name: Its short name: the word on the command line, and in the name of the run folder.
        title: What it asks, in a few words, for the list of commands.
        path: Of its class: ``module:Class``, or ``/folder/file.py:Class``. Workers load it
            from there, so that no code is pickled.
        settings: Path of the class of its settings, which loads no torch; empty for the one that
            the study names.
        source: Where the code of a study of the user's own is: its file, the digest of the file,
            the package; empty for a study that is built in.
    """

    name: str
    title: str
    path: str
    settings: str = ""
    source: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> "Study[Any]":
        """Import the study."""
        return load_study(self.path)

    def load_settings(self) -> "type[StudySettings]":
        """Import the class of its settings."""
        if not self.settings:
            return self.load().settings
        module, _, attribute = self.settings.partition(":")
        settings: type[StudySettings] = getattr(import_module(module), attribute)
        return settings

    def changes(self, recorded: Mapping[str, str] | None) -> list[str]:
        """Name the study's own file where it is no longer the one that a run recorded.

        Args:
            recorded: What the manifest says of it, `source` at that time; None for nothing.
        """
        before = (recorded or {}).get("sha256")
        changed = before is not None and before != self.source.get("sha256")
        return [self.source.get("file", self.path)] if changed else []


def load_study(path: str) -> "Study[Any]":
    """Import a study by its path, or the name of an entry point, and make its one instance.

    Raises:
        UserError: If there is no such thing, or it is no study or an unfinished one.
    """
    study = STUDY_CLASSES.resolve(path)
    if inspect.isabstract(study):
        missing = ", ".join(sorted(study.__abstractmethods__))
        raise UserError(f"the study {path} is unfinished: it lacks {missing}")
    return study()


def _is_study(value: object) -> bool:
    from trainables.study.study import Study  # noqa: PLC0415 - loads spaces

    return isinstance(value, type) and issubclass(value, Study)


STUDY_CLASSES: Registry["type[Study[Any]]"] = Registry(
    what="study",
    group="studies",
    builtin={},  # those are rows of `search.studies`
    fits=_is_study,
    form="a subclass of trainables.study.study.Study",
)
