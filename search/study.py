"""A study: the named question that the engine runs, by import paths: naming it loads nothing."""

from dataclasses import dataclass
from importlib import import_module

from searchspace.space import Space
from trainables.protocol import StudyModule


@dataclass(frozen=True)
class Study:
    """A space and the module that knows its trials.

    Attributes:
        name: The word on the command line.
        title: What it asks, in a few words.
        space: ``module:attribute`` of the `Space`.
        module: Import path of the `StudyModule`.
    """

    name: str
    title: str
    space: str
    module: str

    def load_space(self) -> Space:
        """Import the space."""
        path, _, attribute = self.space.partition(":")
        space = getattr(import_module(path), attribute)
        if not isinstance(space, Space):
            raise TypeError(f"{self.space} is a {type(space).__name__}, not a Space")
        return space

    def load_module(self) -> StudyModule:
        """Import the module."""
        return load_module(self.module)


def load_module(path: str) -> StudyModule:
    """Import what a study offers; workers do it from the path, so that nothing is pickled."""
    module: StudyModule = import_module(path)
    return module
