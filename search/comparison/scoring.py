"""Score a trained classifier on the test images, here or in another process."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from search.execution.tasks import ModelTask
from searchspace.errors import UserError
from trainables.classification.examination import TestScores
from trainables.classification.study import ClassificationStudy
from trainables.door.opening import read_bytes
from trainables.door.records import RECORD_BYTES, parse_json, read_json
from trainables.metrics.influence import Sample
from trainables.runtime.arrays import Floats64
from trainables.runtime.errors import first_line
from trainables.runtime.files import to_json, write_atomically

DIGITS = 6  # of what an image moves: verdicts need no more, and the file stays small
MEND = "remove it, and give the same command again"


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
    write_atomically(file, to_json({"scores": result.scores, "images": samples}) + "\n")


def read_scores(file: Path) -> TestScores | None:
    """Read the scores of a classifier; None where there are none.

    Of an earlier version, which wrote no influences, or those on clipped skills, there are none:
    it is scored again.

    Raises:
        UserError: If the file is damaged or cannot be read.
    """
    try:
        values = parse_json(read_bytes(file, RECORD_BYTES))
        if "images" not in values:
            return None
        samples = {name: _read_sample(sample) for name, sample in values["images"].items()}
        return TestScores(_read_numbers(values["scores"], samples), samples)
    except FileNotFoundError:
        return None
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"cannot read {file}: {first_line(error)}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file} is damaged: {error}: {MEND}") from None


def read_numbers(file: Path) -> dict[str, float]:
    """Read scores by name that were written without what single images say.

    Raises:
        UserError: If the file is damaged, is gone or cannot be read.
    """
    try:
        return _read_numbers(read_json(file), {})
    except FileNotFoundError:
        raise UserError(f"cannot read {file}: there is none") from None
    except (TypeError, ValueError) as error:
        raise UserError(f"{file} is damaged: {error}: {MEND}") from None


def require_same_names(files: Mapping[Path, TestScores]) -> None:
    """Refuse scores that lack a name: tables would leave out their training.

    Args:
        files: Of all methods of a cell, which are scored alike.

    Raises:
        UserError: If the scores of one lack a name that others have.
    """
    names = dict.fromkeys(name for result in files.values() for name in result.scores)
    for file, result in files.items():
        lacking = next((name for name in names if name not in result.scores), None)
        if lacking:
            raise UserError(f"{file} lacks {lacking}, which other methods have: {MEND}")


def require_folder(path: Path) -> None:
    """Refuse what is in the place of a folder; there may be nothing.

    Raises:
        UserError: If it is none.
    """
    if os.path.lexists(path) and not path.is_dir():
        raise UserError(f"{path} is no folder: {MEND}")


def _read_numbers(values: Any, samples: Mapping[str, Sample]) -> dict[str, float]:  # noqa: ANN401
    """Return scores by name; of one that is not defined there is null."""
    scores = dict(values)
    for name, value in scores.items():
        if value is not None and (type(value) not in {int, float} or not math.isfinite(value)):
            raise ValueError(f"{name} is no number")
    missing = [name for name in samples if name not in scores]
    if missing or not scores:
        raise ValueError(f"there is no {missing[0] if missing else 'score'}")
    return scores


def _rounded(numbers: Floats64) -> list[float]:
    return [float(f"{number:.{DIGITS}g}") for number in numbers]


def _read_sample(values: Any) -> Sample:  # noqa: ANN401
    labels = np.array(values["labels"], dtype=np.int64)
    extremes = np.array(values["extremes"], dtype=np.float64)
    moved = np.array(values["moved"], dtype=np.float64)  # null is NaN
    return Sample(moved, labels, extremes.reshape(-1, len(np.unique(labels))))
