"""Networks of a run under a suite of corruptions: by fold, kind and severity, on ranking images."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from search.comparison.rows import CONSTANT
from search.engine.trial import State
from search.exit_status import FINISHED
from search.record.events import follow, read_events
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.run.predict import find_classifier
from searchspace.errors import UserError
from trainables.attacks.evaluation import predict_logits
from trainables.classification.assets import LabelledImages, at_most, read_data
from trainables.corruptions.artefacts import ARTEFACTS
from trainables.corruptions.corruptions import SEVERITIES
from trainables.corruptions.medmnistc.definitions import ALEXNET, CLEAN, FOLDS, NOT_MADE
from trainables.corruptions.suites import DEFINED, Suite, open_suite
from trainables.door.paths import inside
from trainables.door.text import to_cell
from trainables.metrics.classification import chance, mean_recall
from trainables.metrics.corruption_error import corruption_error
from trainables.models.classifiers import Classifier
from trainables.runtime.files import begin_folder, write_atomically
from trainables.saved.checkpoint import CARD, load_classifier
from trainables.study.study import WINNER

CSV, TABLE = "corruptions.csv", "corruptions.md"
ALL_FOLDS = {**FOLDS, "acquisition": tuple(ARTEFACTS)}
COLUMNS = ("suite", "network", "fold", "corruption", "severity", "bacc")


@dataclass(frozen=True)
class Line:
    """The balanced accuracy of a network under one corruption; at severity 0 under none."""

    network: str
    corruption: str
    severity: int
    bacc: float

    @property
    def fold(self) -> str:
        """The fold of the corruption; empty for none."""
        return fold_of(self.corruption)


def corruptions(run: Path, out: Path, name: str, images: int | None, console: Console) -> int:
    """Score the winner and the references of a run under every corruption of a suite.

    Args:
        run: Folder of a run of a study of classifiers.
        out: Folder for the table and the numbers.
        name: Of the suite.
        images: At most so many of those that ranked; None for all.
        console: Where the user reads.

    Returns:
        The exit status.

    Raises:
        UserError: If the run has no classifier, or the suite is not defined for its data.
    """
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    networks = networks_of(run)
    data = read_data(RunFolder(run).assets, torch.device("cpu"))
    if data.task == "multi-label":
        raise UserError(f"{run} has several labels an image: balanced accuracy has no meaning")
    ranking = data.ranking if images is None else at_most(data.ranking, images)
    dataset = str(read_manifest(RunFolder(run)).settings.get("dataset", ""))
    suite = open_suite(name, dataset, tuple(ranking.images.shape[2:]))
    begin_folder(out, CSV)
    lines = [line for label in networks for line in score(label, networks[label], ranking, suite)]
    write_csv(inside(out, CSV), lines, suite.label)
    constant = constant_lines(lines, chance(data.task, ranking.labels.numpy()))
    text = layout([*lines, *constant], suite.label, dataset)
    write_atomically(inside(out, TABLE), text)
    say(text)
    say(f"everything: {out}")
    return FINISHED


def networks_of(run: Path) -> dict[str, Classifier]:
    """Load the winner of a run and every reference that saved its network, by label."""
    folder = RunFolder(run)
    networks = {WINNER: load_classifier(find_classifier(run))[0]}
    trials, _ = follow(read_events(folder))
    for trial in trials.values():
        saved = folder.saved(trial.id)
        if trial.label and trial.state is State.COMPLETED and (saved / CARD).is_file():
            networks[trial.label] = load_classifier(saved)[0]
    return networks


def score(label: str, network: Classifier, data: LabelledImages, suite: Suite) -> list[Line]:
    """Score a network without corruption and under every kind and severity of a suite.

    Args:
        label: Of the network.
        network: Maps images to logits.
        data: Clean images.
        suite: Of corruptions.
    """

    def line(kind: str, severity: int, images: torch.Tensor) -> Line:
        right = (predict_logits(network, images).argmax(dim=1) == data.labels).numpy()
        return Line(label, kind, severity, float(mean_recall(right, data.labels.numpy())))

    return [
        line(CLEAN, 0, data.images.float() / 255),
        *(
            line(kind, severity, suite.apply(data.images, kind, severity, 0))
            for kind in suite.kinds
            for severity in SEVERITIES
        ),
    ]


def constant_lines(lines: Sequence[Line], bacc: float) -> list[Line]:
    """Return what an answer that never looks at the image has under the conditions of networks.

    Args:
        lines: Of networks.
        bacc: Its balanced accuracy.
    """
    conditions = dict.fromkeys((line.corruption, line.severity) for line in lines)
    return [Line(CONSTANT, kind, severity, bacc) for kind, severity in conditions]


def fold_of(kind: str) -> str:
    """Return the fold of a corruption; empty for none."""
    return next((fold for fold, kinds in ALL_FOLDS.items() if kind in kinds), "")


def layout(lines: Sequence[Line], suite: str, dataset: str) -> str:
    """Write balanced accuracies by fold as Markdown; errors relative to AlexNet where defined.

    Args:
        lines: Of all networks.
        suite: Label of the suite.
        dataset: Name of the dataset.
    """
    folds = [fold for fold in ALL_FOLDS if any(line.fold == fold for line in lines)]
    defined = suite == DEFINED and dataset in ALEXNET
    heads = ["network", "clean", *folds, *(("BE", "rBE") if defined else ())]
    rows = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    notes = [f"Suite: {suite}. Balanced accuracy, the mean over kinds and severities 1 to 5."]
    for label in dict.fromkeys(line.network for line in lines):
        group = [line for line in lines if line.network == label]
        clean = next(line.bacc for line in group if line.corruption == CLEAN)
        values = [clean, *(mean_of(group, fold) for fold in folds)]
        cells = [f"{value:.3f}" for value in values]
        if defined:
            outcome = corruption_error(
                errors_of(group), 1 - clean, ALEXNET[dataset], ALEXNET[dataset][CLEAN]
            )
            cells += [f"{outcome.error:.3f}", f"{outcome.relative:.3f}"]
            missing = ", ".join(outcome.left_out) or "none"
            note = f"Without a relative error, as AlexNet hardly loses under them: {missing}."
            notes += [] if note in notes else [note]
        rows.append(f"| {to_cell(label)} | {' | '.join(cells)} |")
    if defined:
        notes.append(f"Not made here, and in no mean: {', '.join(NOT_MADE)}.")
    return "\n".join(rows) + "\n\n" + " ".join(notes) + "\n"


def errors_of(lines: Sequence[Line]) -> Mapping[str, list[float]]:
    """Return the balanced error of a network at each severity, by corruption."""
    errors: dict[str, list[float]] = {}
    for line in lines:
        if line.corruption != CLEAN:
            errors.setdefault(line.corruption, []).append(1 - line.bacc)
    return errors


def write_csv(file: Path, lines: Sequence[Line], suite: str) -> None:
    """Write a line for each network, corruption and severity.

    Args:
        file: To be written.
        lines: Of all networks.
        suite: Label of the suite.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        cells = (suite, to_cell(line.network), line.fold, line.corruption, line.severity, line.bacc)
        writer.writerow(cells)
    write_atomically(file, text.getvalue())


def mean_of(lines: Sequence[Line], fold: str) -> float:
    """Average the balanced accuracies of a fold over kinds and severities."""
    return float(np.mean([line.bacc for line in lines if line.fold == fold]))
