"""Datasets made here whose class two cues tell: a robust one, and a brittle one with exceptions."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from trainables.data.dataset import Dataset, Images, OfficialSplit
from trainables.data.task import Task

Labels = npt.NDArray[np.int64]
Draw = Callable[[Labels, Labels, np.random.Generator], npt.NDArray[np.uint8]]
STRAY = 1 / 8  # share of images whose brittle cue is drawn by lot


def make_dataset(
    name: str,
    source: str,
    task: Task,
    classes: tuple[str, ...],
    counts: Mapping[OfficialSplit, int],
    seed: int,
    choose: Callable[[npt.NDArray[np.float64]], Labels],
    draw: Draw,
) -> Dataset:
    """Draw train, val and test apart, each from a stream of its own.

    Args:
        name: Of the dataset.
        source: What is drawn, for the record.
        task: Of the labels.
        classes: Their names.
        counts: Images of each split.
        seed: Other seeds give other images of the same kind.
        choose: Returns labels (N,) for uniform numbers (N,).
        draw: Returns images for the class of the robust cue (N,), that of the brittle cue (N,), and
            a generator.
    """
    splits: dict[OfficialSplit, Images] = {}
    for number, (split, n) in enumerate(counts.items()):
        rng = np.random.Generator(np.random.PCG64([seed, number]))
        labels = choose(rng.random(n))
        lot = np.floor(len(classes) * rng.random(n)).astype(np.int64)
        brittle = np.where(rng.random(n) < STRAY, lot, labels)
        splits[split] = Images(draw(labels, brittle, rng), labels)
    return Dataset(
        name=name,
        task=task,
        classes=classes,
        train=splits["train"],
        val=splits["val"],
        test=splits["test"],
        licence="made by this program, free of rights",
        source=f"phantom {source} made by this program (seed {seed}), not real data",
    )
