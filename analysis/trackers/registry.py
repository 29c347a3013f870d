"""The trackers that a run can be written for."""

from importlib import import_module
from pathlib import Path

from analysis.load import Run
from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.runtime.files import cannot_write

# By name, which is also that of the extra that installs what it needs: the module that writes.
LOGS = {
    "tensorboard": "analysis.trackers.tensorboard",
    "mlflow": "analysis.trackers.mlflow",
    "wandb": "analysis.trackers.wandb",
}


def write_log(name: str, run: Run, folder: Path) -> str:
    """Write a run for a tracker; return the command that shows it.

    Args:
        name: A key of `LOGS`.
        run: The run.
        folder: Where to write, made where it is missing.

    Raises:
        UserError: If there is no such tracker, it is not installed, or the folder is not writable.
    """
    module = import_module(lookup(LOGS, name, "log"))
    try:
        return str(module.write(run, folder))
    except ModuleNotFoundError as error:
        raise UserError(
            f"--log {name} needs {error.name}: pip install 'robust-medical-search[{name}]'"
        ) from None
    except OSError as error:
        raise cannot_write(folder, error) from error
