"""Score a trained classifier on the test images, here or in another process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from search.execution.tasks import ModelTask
from trainables.classification.study import ClassificationStudy
from trainables.runtime.files import to_json, write_atomically


@final
@dataclass(frozen=True, kw_only=True)
class Scoring(ModelTask):
    """A classifier to be scored on test, and where its scores go, as JSON.

    Attributes:
        images: The greatest number of images; None for all.
    """

    images: int | None

    def write(self, study: Any, model: Path, data: Path, file: Path) -> None:  # noqa: ANN401
        """Write the scores by name.

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
        scores = study.score_test(model, data, self.parsed_settings(), self.images)
        write_atomically(file, to_json(scores, indent=2) + "\n")
