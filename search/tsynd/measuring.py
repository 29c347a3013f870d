"""Measure a trained classifier on the test images, here or in another process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch

from search.execution.portable import Portable
from search.storage.depot import SHARED, Depot
from trainables.classification.assets import at_most, read_test
from trainables.classification.measurement import Measurement, measure_robust
from trainables.runtime.files import to_json, write_atomically
from trainables.saved.checkpoint import load_classifier

SPLIT = "test"


@final
@dataclass(frozen=True)
class Measuring(Portable):
    """A classifier to be measured, and where the scores go.

    Attributes:
        module: Import path of the study's module.
        settings: The study's settings.
        model: Folder of a saved classifier.
        data: Folder of the test images.
        images: The greatest number of images; None for all.
        file: Written at the end: scores by name, as JSON.
        threads: That torch may use.
        depot: Where these folders lie for this process, and the file goes.
    """

    module: str
    settings: Any
    model: Path
    data: Path
    images: int | None
    file: Path
    threads: int
    depot: Depot = SHARED

    def work(self) -> None:
        """Score the classifier clean, under noise, FGSM and PGD, and write the scores."""
        settings = self.parsed_settings()
        device = torch.device(settings.device)
        test = read_test(self.depot.bring_folder(self.data), device)
        classifier, card = load_classifier(self.depot.bring_folder(self.model))
        measurement = Measurement(card.task, settings.attack, settings.eps, settings.seed)
        subset = test if self.images is None else at_most(test, self.images)
        scores = measure_robust(classifier.to(device), subset, measurement, SPLIT).metrics
        write_atomically(self.depot.place(self.file), to_json(scores, indent=2) + "\n")
        self.depot.send_file(self.file)
