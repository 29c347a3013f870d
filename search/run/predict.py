"""What a saved classifier says of every image of a dataset, as a table."""

import csv
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from search.record.run_folder import RunFolder
from search.storage.guard import count_model, dataset_of, locate, refuse_trial
from searchspace.errors import UserError
from searchspace.words import plural
from trainables.classification.assets import find_test_near, to_tensors
from trainables.data.dataset import Dataset, OfficialSplit
from trainables.data.datasets import open_dataset
from trainables.data.nifti import digest_of
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.door.text import to_cell
from trainables.metrics.alarms import exact_interval
from trainables.models.modes import frozen
from trainables.runtime.files import write_atomically
from trainables.saved.checkpoint import CARD, WEIGHTS, ModelCard, load_classifier
from trainables.study.study import Say

BATCH = 64
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def predict_dataset(
    model: Path, name: str, split: OfficialSplit, root: Path | None, out: Path, say: Say
) -> None:
    """Write class and probabilities of every image of a split as CSV, whole or not at all.

    Of a model that a run chose on the same dataset, that opens the run's test split, which is
    counted; a single trial of a run does not get to see it. What is right is said once more without
    the images that have near copies among those that trained, chose or ranked in the run.

    Args:
        model: A run, its confirmation, or a folder with a model.
        name: Of the dataset.
        split: ``train``, ``val`` or ``test``.
        root: Folder of the datasets' files; None for the user's cache folder.
        out: A new file.
        say: Receives sentences.

    Raises:
        UserError: If there is no classifier, it takes other images or knows other classes, it is
            a single trial and the images are test, these are not those that the run recorded, or
            the file is there already or cannot be written.
    """
    if out.exists():
        raise UserError(f"{out} is there already: name a new file with --out")
    if not out.parent.is_dir():
        raise UserError(f"there is no folder {out.parent}: make it, or name another with --out")
    folder = find_classifier(model)
    location = locate(folder)
    if location and (split != "test" or dataset_of(location.run) != name):
        location = None  # no test images of that run
    if location:
        refuse_trial(location, folder, "compare trials by the run's ranking or with --split val")
    classifier, card = load_classifier(folder)
    dataset = open_dataset(name, card.shape[0], root, say, volumes=True)
    _check(dataset, card)
    near = np.zeros(len(dataset.official(split)), np.bool_)
    if location:
        near = find_test_near(RunFolder(location.run).assets, dataset)
        count_model(location, digest_of(folder / WEIGHTS), say)
    data = to_tensors(dataset.official(split), torch.device("cpu"))
    say(f"model: {folder}; {plural(len(data), 'image')}, {split} of {name}")
    with frozen(classifier), torch.no_grad():
        logits = torch.cat(
            [classifier(images.float() / 255) for images in data.images.split(BATCH)]
        )
    chances = probabilities(logits, card)
    labels, answers = dataset.official(split).labels, _classes(chances, card)
    write_atomically(out, _table(chances, labels, card))
    if near.any() and not near.all():
        words = f"without the {np.count_nonzero(near)} that have near copies in train or val"
        say(f"{words}: {rightness(answers[~near], labels[~near])}")
    say(f"{rightness(answers, labels)}; everything: {out}")


def find_classifier(path: Path) -> Path:
    """Return the folder of the classifier that a path stands for.

    Raises:
        UserError: If there is no model, or it is no classifier.
    """
    folders = [path, inside(path, "best")]
    folder = next((item for item in folders if (item / CARD).is_file()), None)
    if folder is None:
        raise UserError(
            f"no model in {path}: name a finished run, a confirmation or a folder with {CARD}"
        )
    card = read_json(inside(folder, CARD))
    if not isinstance(card, dict) or "classifier" not in card:
        raise UserError(f"the model in {folder} is no classifier: for MR to CT there is synthesise")
    return folder


def probabilities(logits: Tensor, card: ModelCard) -> Floats:
    """Turn logits (N, K) into probabilities: of each label by itself, else of the classes."""
    if card.task == "multi-label":
        chances: Floats = logits.double().sigmoid().numpy()
    else:
        chances = logits.double().softmax(dim=1).numpy()
    return chances


def rightness(answers: Labels, labels: Labels) -> str:
    """Say how many images are answered right, with all their labels, and by the best constant.

    Args:
        answers: A class an image, (N,), or 0 and 1 for each of its labels, (N, L).
        labels: Likewise.

    Example:
        >>> rightness(np.array([0, 1, 1, 1]), np.array([0, 1, 1, 0]))
        '75.0% right of 4 images, 95 % interval 19.4% to 99.4%; a constant answer at best: 50.0%'
    """
    count = len(labels)
    right = int((answers == labels).reshape(count, -1).all(axis=1).sum())
    low, high = exact_interval(right, count)
    most = int(np.unique(labels, axis=0, return_counts=True)[1].max())
    return (
        f"{right / count:.1%} right of {plural(count, 'image')}, 95 % interval {low:.1%} to "
        f"{high:.1%}; a constant answer at best: {most / count:.1%}"
    )


def _classes(chances: Floats, card: ModelCard) -> Labels:
    """Return the class of each image, (N,); of multi-label data every label, (N, K)."""
    if card.task == "multi-label":
        return (chances > 0.5).astype(np.int64)
    classes: Labels = chances.argmax(axis=1)
    return classes


def _check(dataset: Dataset, card: ModelCard) -> None:
    """Refuse images or classes that the model does not know.

    Raises:
        UserError: With what the model takes, and what the dataset holds.
    """
    model = (card.channels, *card.shape), card.task, card.classes
    data = (dataset.channels, *dataset.shape), dataset.task, dataset.classes
    for what, takes, holds in zip(("images", "task", "classes"), model, data, strict=True):
        if takes != holds:
            raise UserError(
                f"the model takes {what} {_words(takes)}, {dataset.name} has {_words(holds)}: name "
                "another dataset or model"
            )


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _table(chances: Floats, labels: Labels, card: ModelCard) -> str:
    """Write a line an image: its number, label and class, and the probability of each class."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["image", "label", "predicted", *(to_cell(f"p {name}") for name in card.classes)]
    )
    rows = zip(labels, _classes(chances, card), chances, strict=True)
    for number, (label, predicted, each) in enumerate(rows):
        writer.writerow([number, _label(label), _label(predicted), *(f"{p:.6g}" for p in each)])
    return text.getvalue()


def _label(label: Labels) -> str:
    return " ".join(str(int(value)) for value in np.atleast_1d(label))
