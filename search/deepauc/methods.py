"""The rows of the tables: what the document varied, and cross-entropy beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from search.deepauc.published import PLAIN, SETTLED
from trainables.studies.deepauc.settings import DeepAUCSettings
from trainables.studies.deepauc.study import ADVERSARIAL, DOCUMENT, DeepAUC
from trainables.study.study import BASELINE, Reference

deepauc = DeepAUC()

MARGIN = "aucm document"  # the reference that is varied: the document's settings
PARTS: Mapping[str, Mapping[str, Any]] = {
    "sampler": {"positive_share": DOCUMENT["positive_share"]},
    "augmentation": {"augmentation": "affine"},
    "decay": {name: DOCUMENT[name] for name in ("epoch_decay", "weight_decay")},
}
"""What the document adds to the AUC margin, one by one or together."""

WITHOUT: Mapping[str, Any] = {
    "positive_share": None,
    "augmentation": "none",
    "epoch_decay": 0.0,
    "weight_decay": 0.0,
}
LOSSES: Mapping[str, str] = {"aucm": SETTLED, "ap": "ap document", "pauc": "pauc document"}
"""The method of each line of the document's table of losses; the first is one of `ablation`."""

BASELINE_ROW = "cross-entropy"
CONTROLS: Mapping[str, str] = {
    BASELINE: BASELINE_ROW,
    "balanced": "cross-entropy, balanced classes",
    "decay": "cross-entropy, the document's settings",
    ADVERSARIAL: "cross-entropy against attacks",
}
"""Rows that the document does not have, by reference: without them a loss is credited with what its
optimiser or decay does."""


def ablation(settings: DeepAUCSettings) -> Iterator[Reference]:
    """Yield the AUC margin with every subset of `PARTS`; only two classes have a sampler.

    Args:
        settings: Of the cell.
    """
    reference = _references(settings)[MARGIN]
    for names in subsets():
        if "sampler" in names and settings.task != "binary":
            continue
        values = {key: value for name in names for key, value in PARTS[name].items()}
        config = {**reference.config, **WITHOUT, **values}
        yield replace(reference, label=label_of(names), config=config, point=None)


def losses(settings: DeepAUCSettings) -> Iterator[Reference]:
    """Yield what is compared with the AUC margin at the same settings, and cross-entropy.

    Args:
        settings: Of the cell.
    """
    labels = dict(CONTROLS) | {name: name for name in LOSSES.values() if name != SETTLED}
    references = _references(settings)
    for name, label in labels.items():
        yield replace(references[name], label=label, point=None)


def methods(settings: DeepAUCSettings) -> tuple[Reference, ...]:
    """List the methods of all tables.

    Args:
        settings: Of the cell.
    """
    return (*ablation(settings), *losses(settings))


def subsets() -> list[tuple[str, ...]]:
    """List the subsets of `PARTS`, from none to all."""
    return [names for size in range(len(PARTS) + 1) for names in combinations(PARTS, size)]


def label_of(names: tuple[str, ...]) -> str:
    """Return the label of the AUC margin with some of `PARTS`."""
    return ", ".join(names) or PLAIN


def _references(settings: DeepAUCSettings) -> dict[str, Reference]:
    return {reference.label: reference for reference in deepauc.references(settings)}
