"""Whether a saved model may meet test images: what a run chose may, and that is counted in the run.

Who scores one trial after the other on test, and then confirms the best of them, has chosen on
test. So single trials of a run are compared on other images.
"""

from dataclasses import dataclass
from pathlib import Path

from search.record.manifest import read_manifest
from search.record.run_folder import MANIFEST, RunFolder
from search.storage.openings import Opening, count_elsewhere
from search.storage.runs import CONFIRM
from searchspace.errors import UserError
from trainables.study.study import Say

TRIALS, BEST, TRAINING = "trials", "best", "training"


@dataclass(frozen=True)
class Location:
    """Where a model lies in a run.

    Attributes:
        run: Folder of the run.
        chosen: Whether it is what the run or its confirmation chose, and no single trial.
    """

    run: Path
    chosen: bool


def locate(model: Path) -> Location | None:
    """Return in which run a model lies; None for a model outside any run.

    Args:
        model: Folder of the model; links on the way to it are followed.
    """
    folder = model.resolve()
    if folder.name == BEST:
        chosen, above = True, folder.parent
    elif folder.parent.name == TRIALS:
        chosen, above = False, folder.parent.parent
    else:
        return None
    around = above.parent if above.name == TRAINING else above
    for run in (around.parent if around.name == CONFIRM else around, around, above):
        if (run / MANIFEST).is_file():
            return Location(run, chosen)
    return None


def refuse_trial(location: Location, model: Path, instead: str) -> None:
    """Refuse to open test for a single trial.

    Args:
        location: Where the model lies.
        model: Its folder.
        instead: What to do, after "or".

    Raises:
        UserError: If it is none that the run or its confirmation chose.
    """
    if not location.chosen:
        raise UserError(
            f"{model} is a single trial of {location.run}, and test is for what was chosen: name "
            f"{location.run}, or {instead}"
        )


def count_model(location: Location, digest: str, say: Say) -> None:
    """Count in the run that its test split is opened for a model, and say so.

    Args:
        location: Where the model lies.
        digest: Of its weights: the same model again is no further opening.
        say: Receives sentences.
    """
    winner = f"model {digest[:12]}"
    opening = Opening(identity=f"model {digest}", folder=location.run, winner=winner)
    run = location.run
    say(f"test of {run.name} is opened, and counted there: a later confirmation pays for it")
    count_elsewhere(run, opening, say)


def dataset_of(run: Path) -> str:
    """Return the name of the dataset of a run; empty where it has none.

    Raises:
        UserError: If its manifest cannot be read.
    """
    return str(read_manifest(RunFolder(run)).settings.get("dataset", ""))
