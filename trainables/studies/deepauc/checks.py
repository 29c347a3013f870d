"""What is refused before anything trains, and what is said of data that are masks."""

import numpy as np

from searchspace.errors import UserError
from trainables.data.dataset import Dataset, count_classes
from trainables.data.splits import SplitName, Splits
from trainables.metrics.orders.rank_scores import defined, roc_auc
from trainables.runtime.arrays import Mask

LEAST = 2  # images of each side: one image has no spread, hence no interval
TRAINED: tuple[SplitName, ...] = ("train", "val", "ranking")


def check_classes(dataset: Dataset, splits: Splits) -> None:
    """Refuse data of which no area under a curve is defined.

    Of two classes each needs two images in every split that trials see. Of several classes, or
    labels, at least one does; the others are left out of means, and named.

    Args:
        dataset: Opened.
        splits: Of it.

    Raises:
        UserError: In one line that names split and class.
    """
    for split in TRAINED:
        labels = splits.take(dataset, split).labels
        counts = count_classes(labels, dataset.n_classes)
        lacking = [
            f"{count} of {name}"
            for name, count in zip(dataset.classes, counts, strict=True)
            if min(count, len(labels) - count) < LEAST
        ]
        if len(lacking) == dataset.n_classes or (lacking and dataset.n_classes == 2):
            raise UserError(
                f"{dataset.name}: {split} has {len(labels)} images, {', '.join(lacking)}: an area "
                f"under a curve needs {LEAST} images of each class; take a greater fraction"
            )


def mask_lines(dataset: Dataset, splits: Splits) -> tuple[str, ...]:
    """Say where images hold two values alone, and what counting voxels is worth; else nothing.

    A network that rounds such an image undoes every attack of less than half the range. And what a
    count of voxels scores, no network has to be praised for.

    Args:
        dataset: Opened.
        splits: Of it; val alone is scored.
    """
    values = np.unique(splits.take(dataset, "train").pixels)
    if len(values) > 2:
        return ()
    val = splits.take(dataset, "val")
    line = (
        f"Masks: {dataset.name} holds the values {' and '.join(map(str, values))} alone. Rounding "
        "undoes any attack below half of the range, so that robustness here is one of numbers."
    )
    positive: Mask = val.labels == 1
    if dataset.task != "binary" or not defined(positive):
        return (line,)
    sizes = (val.pixels == values[-1]).reshape(len(val), -1).sum(axis=1)
    area = roc_auc(sizes, positive)
    return line, f"The size of the mask alone has an AUC of {max(area, 1 - area):.3f} on val."
