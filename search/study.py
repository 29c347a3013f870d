"""A study: the named question that the engine runs, by import path: naming it loads nothing."""

from dataclasses import dataclass
from importlib import import_module

from trainables.study.study import StudyModule


@dataclass(frozen=True)
class Study:
    """A question, and the module that knows its space and its trials.

    Attributes:
        name: The word on the command line.
        title: What it asks, in a few words.
        module: Import path of the `StudyModule`.
    """

    name: str
    title: str
    module: str

    def load_module(self) -> StudyModule:
        """Import the module."""
        return load_module(self.module)


def load_module(path: str) -> StudyModule:
    """Import what a study offers; workers do it from the path, so that nothing is pickled."""
    module: StudyModule = import_module(path)
    return module
