"""A study by import path: naming it loads nothing."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from trainables.study.settings import StudySettings
from trainables.study.study import Study as Question


@dataclass(frozen=True)
class Study:
    """A row of the table of studies.

    Attributes:
        name: The word on the command line.
        title: What it asks, in a few words, for the list of commands.
        module: Path of its class, ``module:Class``. Workers load it from there, so that no code is
            pickled.
        settings: Path of the class of its settings, which loads no torch; empty for the one that
            the study names.
    """

    name: str
    title: str
    module: str
    settings: str = ""

    def load_module(self) -> Question[Any]:
        """Import the study."""
        return load_module(self.module)

    def load_settings(self) -> type[StudySettings]:
        """Import the class of its settings."""
        settings: type[StudySettings] = (
            _load(self.settings) if self.settings else self.load_module().settings
        )
        return settings


def load_module(path: str) -> Question[Any]:
    """Import a study by ``module:Class``, and make its one instance."""
    study: Question[Any] = _load(path)()
    return study


def _load(path: str) -> Any:  # noqa: ANN401 - whatever the path names
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
