"""Pictures of the deep AUC study: curves, scores by class, and what an attack does to a volume."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from trainables.attacks.evaluation import answers_of, evaluate_order, predict_logits
from trainables.attacks.gradient import PGD
from trainables.attacks.threat import pixels
from trainables.classification.assets import Data, at_most
from trainables.data.task import Task
from trainables.metrics.classification import order_columns, order_score
from trainables.metrics.orders.rank_scores import precision_recall, roc
from trainables.models.classifiers import Classifier
from trainables.models.modes import frozen
from trainables.runtime.arrays import Floats, Floats32, Floats64, Mask
from trainables.runtime.seeding import derive
from trainables.study.sheet import Column, Sheet

SIDE = 96  # pixels of a drawn curve
GRID = np.linspace(0, 1, SIDE)
ROUNDING = 1e-9
BLACK, LINE, GREY, WHITE = 0.0, 0.45, 0.75, 1.0
DASH = 4  # pixels of the line of chance, and of the gap after them
BINS = 24  # of a histogram of scores
ROWS = 6  # images of a sheet
STEPS = 20  # of PGD
IMAGES = 256  # of val, at most


@dataclass(frozen=True, eq=False)
class Answers:
    """What a classifier answers to val, clean and attacked.

    Attributes:
        name: Of the classifier.
        task: What the labels mean.
        odds: Log-odds (E, N, K), at each of E radii.
        labels: (N,) or (N, L).
    """

    name: str
    task: Task
    odds: Floats32
    labels: npt.NDArray[np.int64]

    def columns(self, row: int, score: str = "auc") -> list[tuple[Floats, Mask]]:
        """List scores and positives at a radius, of each class or label that is ranked."""
        return order_columns(score, self.task, self.odds[row], self.labels)


def attack_val(
    classifiers: Mapping[str, Classifier], data: Data, eps: tuple[float, ...], seed: int
) -> list[Answers]:
    """Attack val with PGD at every radius.

    Args:
        classifiers: By name.
        data: The splits that a trial may see.
        eps: Radii, rising from 0.
        seed: Of random starts.
    """
    val, attack = at_most(data.val, IMAGES), PGD(steps=STEPS)
    images, answers = val.images.float() / 255, []
    for name, classifier in classifiers.items():
        report = evaluate_order(
            classifier, images, val.labels, data.task, attack, eps, seed=derive(seed, "pictures")
        )
        answers.append(Answers(name, data.task, report.answers("auc"), report.labels))
    return answers


def draw_curves(answers: list[Answers], eps: tuple[float, ...]) -> Sheet:
    """Draw ROC and precision-recall curves, a row for each classifier, at three of the radii.

    Of several classes or labels the heights are means.

    Args:
        answers: Of each classifier.
        eps: Their radii.
    """
    shown = sorted({0, len(eps) // 2, len(eps) - 1})
    columns = tuple(
        Column(
            f"{title}, {_radius(eps[row])}",
            np.stack([draw(each, row) for each in answers]),
            notes=tuple(
                f"{score.upper()} {order_score(score, each.task, each.odds[row], each.labels):.3f}"
                for each in answers
            ),
        )
        for title, score, draw in (("ROC", "auc", _roc_cell), ("PR", "ap", _recall_cell))
        for row in shown
    )
    caption = (
        "ROC: true (up) over false positive rate; PR: precision (up) over recall; from 0 to 1, "
        f"with what chance gives (dashed). Images of val, clean and under PGD with {STEPS} steps, "
        "which lowers the score of every positive and raises that of every negative. Below a curve "
        "all is grey. AP: average precision."
    )
    rows = tuple(each.name for each in answers)
    return Sheet("curves", "ROC and precision-recall", caption, rows, columns)


def _roc_cell(answers: Answers, row: int) -> Floats32:
    return _framed(roc_picture(answers.columns(row)), GRID)


def _recall_cell(answers: Answers, row: int) -> Floats32:
    columns = answers.columns(row, "ap")
    share = np.mean([positive.mean() for _, positive in columns])
    return _framed(recall_picture(columns), np.full(SIDE, share))


def draw_scores(answers: list[Answers], eps: tuple[float, ...]) -> Sheet:
    """Draw how scores of positives and negatives are distributed at each radius.

    Args:
        answers: Of each classifier; of several classes or labels the first that is ranked.
        eps: Their radii: a row of a picture each.
    """
    shares = [
        np.stack([_bands(each, side, len(eps)) for each in answers]) for side in (True, False)
    ]
    high = float(max(cells.max() for cells in shares))
    columns = tuple(
        Column(title, cells, high=high, unit="share")
        for title, cells in zip(("positives", "negatives"), shares, strict=True)
    )
    caption = (
        "Log-odds of images of val from low (left) to high, a band for each radius from "
        f"{_radius(eps[0])} (top) to {_radius(eps[-1])}. Where the bands of both classes overlap, "
        "their order is lost."
    )
    rows = tuple(each.name for each in answers)
    return Sheet("scores", "Scores by class", caption, rows, columns)


def _bands(answers: Answers, side: bool, radii: int) -> Floats32:  # noqa: FBT001 - a class
    """Return the share of a class's images in each bin of scores, a band for each radius."""
    edges, bands = _edges(answers), []
    for row in range(radii):
        scores, positive = answers.columns(row)[0]
        counts, _ = np.histogram(scores[positive == side].clip(*edges), BINS, edges)
        bands.append(counts / max(counts.sum(), 1))
    return np.repeat(np.stack(bands), 4, axis=0).astype(np.float32)


def draw_attacks(classifier: Classifier, data: Data, eps: float, seed: int) -> Sheet:
    """Show images of val, or the three middle slices of volumes, and what an attack changes.

    Args:
        classifier: Attacked.
        data: The splits that a trial may see.
        eps: The radius.
        seed: Of random starts.
    """
    subset = at_most(data.val, ROWS)
    images = subset.images.float() / 255
    attacked = PGD(steps=STEPS)(
        classifier, images, subset.labels, pixels(eps), derive(seed, "pictures")
    )
    with frozen(classifier):
        before, after = (_score(classifier, each, data.task) for each in (images, attacked))
    notes = tuple(f"{old:.2f} → {new:.2f}" for old, new in zip(before, after, strict=True))
    columns: list[Column] = []
    for title, clean, worse in zip(
        _titles(images), _slices(images), _slices(attacked), strict=True
    ):
        columns.append(Column(title, _array(clean), notes=notes if not columns else ()))
        change = _array(worse - clean)
        change = change.mean(axis=-1) if change.ndim == 4 else change
        columns.append(Column(f"{title}, change", change, "signed", high=max(eps, 1e-6)))
    caption = (
        f"Images of val and what PGD changes within {_radius(eps)}. Below: the winner's score of "
        "the last class, before and after."
    )
    rows = tuple(f"image {number + 1}" for number in range(len(subset)))
    return Sheet("attacks", "What an attack changes", caption, rows, tuple(columns))


def _radius(eps: float) -> str:
    return f"{255 * eps:.2g}/255" if eps else "clean"


def roc_picture(columns: list[tuple[Floats, Mask]]) -> Floats32:
    """Draw the mean ROC curve of columns: straight between two points, (SIDE, SIDE)."""
    return _below([np.interp(GRID, *roc(scores, positive)) for scores, positive in columns])


def recall_picture(columns: list[tuple[Floats, Mask]]) -> Floats32:
    """Draw the mean precision over recall of columns, in steps, (SIDE, SIDE)."""
    heights = []
    for scores, positive in columns:
        recall, precision = precision_recall(scores, positive)
        heights.append(precision[np.searchsorted(recall, GRID - ROUNDING)])
    return _below(heights)


def _below(heights: list[Floats64]) -> Floats32:
    """Fill what lies below the mean of curves with grey, their edge with black."""
    mean = np.mean(heights, axis=0) * (SIDE - 1)
    levels = np.arange(SIDE)[::-1, np.newaxis]
    picture = np.where(levels <= mean, GREY, WHITE)
    return np.where(np.abs(levels - mean) < 1, BLACK, picture).astype(np.float32)


def _framed(picture: Floats32, chance: Floats64) -> Floats32:
    """Add the dashed line of what chance gives, heights (SIDE,), and a frame."""
    steps = np.flatnonzero(np.arange(SIDE) % (2 * DASH) < DASH)
    framed = picture.copy()
    framed[np.rint((1 - chance[steps]) * (SIDE - 1)).astype(int), steps] = LINE
    return np.pad(framed, 1, constant_values=LINE)


def _edges(answers: Answers) -> tuple[float, float]:
    scores = np.concatenate([answers.columns(row)[0][0] for row in range(len(answers.odds))])
    low, high = np.quantile(scores, (0.02, 0.98))
    return float(low), float(high if high > low else low + 1)


def _score(classifier: Classifier, images: Tensor, task: Task) -> list[float]:
    logits = predict_logits(classifier, images).cpu().numpy()
    values: list[float] = answers_of(logits, task, "auc")[:, -1].tolist()
    return values


def _titles(images: Tensor) -> tuple[str, ...]:
    return ("image",) if images.ndim == 4 else ("axial", "coronal", "sagittal")


def _slices(images: Tensor) -> list[Tensor]:
    """Return images as they are, or the three middle slices of volumes, (N, C, H, W) each."""
    if images.ndim == 4:
        return [images]
    middles = [side // 2 for side in images.shape[2:]]
    return [images.select(axis + 2, middle) for axis, middle in enumerate(middles)]


def _array(images: Tensor) -> Floats32:
    """Return images (N, C, H, W) as a sheet takes them: grey (N, H, W), colour (N, H, W, 3)."""
    array: Floats32 = images.detach().cpu().movedim(1, -1).float().numpy()
    return array[..., 0] if array.shape[-1] == 1 else array
