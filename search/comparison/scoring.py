"""Score a trained classifier on the test images, here or in another process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from search.execution.tasks import ModelTask
from searchspace.errors import UserError
from trainables.classification.examination import TestScores
from trainables.classification.study import ClassificationStudy
from trainables.door.records import read_json
from trainables.metrics.influence import Influences
from trainables.runtime.files import to_json, write_atomically

DIGITS = 6  # of what an image moves: verdicts need no more, and the file stays small


@final
@dataclass(frozen=True, kw_only=True)
class Scoring(ModelTask):
    """A classifier to be scored on test, and where its scores go, as JSON.

    Attributes:
        images: The greatest number of images; None for all.
    """

    images: int | None

    def write(self, study: Any, model: Path, data: Path, file: Path) -> None:  # noqa: ANN401
        """Write the scores by name, and what single images move.

        Args:
            study: Of the classifier.
            model: Folder of the saved classifier.
            data: Folder of the test images.
            file: To be written.

        Raises:
            TypeError: If the study is none of classifiers.
        """
        if not isinstance(study, ClassificationStudy):
            raise TypeError(f"{type(study).__name__} scores no classifiers")
        write_scores(file, study.score_test(model, data, self.parsed_settings(), self.images))


def write_scores(file: Path, result: TestScores) -> None:
    """Write what `read_scores` reads."""
    values: dict[str, Any] = {"scores": result.scores}
    if (moved := result.influences) is not None:
        values["influences"] = {
            name: [float(f"{value:.{DIGITS}g}") for value in numbers]
            for name, numbers in moved.by_metric.items()
        }
        values["classes"] = moved.classes.tolist()
    write_atomically(file, to_json(values) + "\n")


def read_scores(file: Path) -> TestScores | None:
    """Read the scores of a classifier; None where there are none.

    Of an earlier version, which wrote no influences, there are none: it is scored again.

    Raises:
        UserError: If the file is damaged.
    """
    try:
        values = read_json(file)
    except FileNotFoundError:
        return None
    try:
        if not isinstance(values.get("scores"), dict):
            return None
        if "influences" not in values:
            return TestScores(values["scores"])
        classes = np.array(values["classes"], dtype=np.int64)
        moved = {
            name: np.array(numbers, dtype=np.float64)  # null is NaN
            for name, numbers in values["influences"].items()
        }
        influences = Influences(moved, classes)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file} is damaged: {error}: remove it, and it is made again") from None
    return TestScores(values["scores"], influences)
