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
from trainables.metrics.influence import Sample
from trainables.runtime.arrays import Floats64
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
    samples = {
        name: {
            "moved": _rounded(sample.moved),
            "labels": sample.labels.tolist(),
            "extremes": [_rounded(row) for row in sample.extremes],
        }
        for name, sample in result.samples.items()
    }
    write_atomically(file, to_json({"scores": result.scores, "samples": samples}) + "\n")


def read_scores(file: Path) -> TestScores | None:
    """Read the scores of a classifier; None where there are none.

    Of an earlier version, which wrote no samples, there are none: it is scored again.

    Raises:
        UserError: If the file is damaged.
    """
    try:
        values = read_json(file)
    except FileNotFoundError:
        return None
    try:
        if "samples" not in values:
            return None
        samples = {name: _read_sample(sample) for name, sample in values["samples"].items()}
        return TestScores(dict(values["scores"]), samples)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file} is damaged: {error}: remove it, and it is made again") from None


def _rounded(numbers: Floats64) -> list[float]:
    return [float(f"{number:.{DIGITS}g}") for number in numbers]


def _read_sample(values: Any) -> Sample:  # noqa: ANN401
    labels = np.array(values["labels"], dtype=np.int64)
    extremes = np.array(values["extremes"], dtype=np.float64)
    moved = np.array(values["moved"], dtype=np.float64)  # null is NaN
    return Sample(moved, labels, extremes.reshape(-1, len(np.unique(labels))))
