"""Jobs that travel to another process together with the user's own code that they name."""

from collections.abc import Mapping
from typing import Any

from search.study import load_study
from trainables.runtime.plugins import accept_files, loaded_files

FILES = "files"  # in the pickled state alone


class Portable:
    """Base of a dataclass with the fields ``module`` and ``settings``.

    The classes of a study from a file cannot be imported by name in another process, so settings of
    such a study travel as values; `parsed_settings` makes them settings again. The text of each
    file that this process has loaded travels along: all processes run the same code, on nodes
    without the file as well, and even if somebody edits it meanwhile.
    """

    module: str
    settings: Any

    def parsed_settings(self) -> Any:  # noqa: ANN401 - the study's own
        """Return the settings, whichever way the job came here.

        In a worker this imports the user's code, which can fail: call it where an error is
        reported.
        """
        if isinstance(self.settings, Mapping):
            return load_study(self.module).parse_settings(self.settings)
        return self.settings

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields and, where there are any, the texts of files."""
        state = dict(vars(self))
        if files := loaded_files():
            state[FILES] = files
        from_file = self.module.rpartition(":")[0].endswith(".py")
        if from_file and not isinstance(self.settings, Mapping):
            state["settings"] = self.settings.model_dump(mode="json")
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over the files, before anything is loaded from them."""
        accept_files(state.pop(FILES, {}))
        vars(self).update(state)
