"""Jobs that travel to another process together with the user's own code that they name."""

from typing import Any

from search.study import load_module
from trainables.runtime.plugins import accept_files, loaded_files

FILES = "files"  # in the pickled state alone


class Portable:
    """Base of a dataclass with the fields ``module`` and ``settings``.

    The classes of a study from a file cannot be imported by name in another process, so settings of
    such a study travel as values, and are parsed again on arrival. The text of each file that this
    process has loaded travels along: all processes run the same code, on nodes without the file as
    well, and even if somebody edits it meanwhile.
    """

    module: str
    settings: Any

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields and, where there are any, the texts of files."""
        state = dict(vars(self))
        if files := loaded_files():
            state[FILES] = files
            if _is_from_file(self.module):
                state["settings"] = self.settings.model_dump(mode="json")
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over the files first: settings need the code in them."""
        accept_files(state.pop(FILES, {}))
        if _is_from_file(state["module"]):
            study = load_module(state["module"])
            state["settings"] = study.parse_settings(state["settings"])
        vars(self).update(state)


def _is_from_file(module: str) -> bool:
    return module.rpartition(":")[0].endswith(".py")
