"""The rows of the tables: points of the split, and what they are compared with."""

from collections.abc import Sequence
from typing import Any

from searchspace.errors import UserError
from trainables.runtime.config import parse
from trainables.studies.gansplit.settings import GANSplitConfig, GANSplitSettings
from trainables.study.study import Reference

ADD, REPLACE = "add", "replace"
AUTHENTIC = "authentic"
COPIES = ("repeats", "noise", "augmented")  # in the same number as is added
RADIUS = 2.0  # of adversarial training, in 255ths
ADVERSARIAL = "adversarial"


def methods(
    settings: GANSplitSettings, points: Sequence[float], radius: float = RADIUS
) -> tuple[Reference, ...]:
    """List the trainings of a cell.

    Args:
        settings: Of the cell; the first generator is taken.
        points: Shares that are replaced, and ratios that are added; 0 is authentic images alone.
        radius: Of adversarial training, in 255ths.
    """
    generator = settings.generator_names[0]
    shares = [point for point in points if point]
    rows: list[tuple[str, dict[str, Any]]] = [(AUTHENTIC, {})]
    rows += [
        (replace_label(share), {"source": generator, "mix": REPLACE, "share": share})
        for share in shares
    ]
    rows += [(add_label(ratio), {"source": generator, "ratio": ratio}) for ratio in shares]
    rows += [(source, {"source": source}) for source in COPIES]
    against = {"train_eps": radius}
    rows += [
        (ADVERSARIAL, against),
        (f"{ADVERSARIAL}, {COPIES[0]}", {"source": COPIES[0], **against}),
        (f"{ADVERSARIAL}, {add_label(1)}", {"source": generator, **against}),
    ]
    return tuple(
        Reference(label, parse(GANSplitConfig, values).model_dump()) for label, values in rows
    )


def replace_label(share: float) -> str:
    """Return the name of the row in which a share of the authentic images is replaced."""
    return f"{REPLACE} {share:g}"


def add_label(ratio: float) -> str:
    """Return the name of the row in which a number of synthetic images is added."""
    return f"{ADD} {ratio:g}"


def parse_points(text: str) -> tuple[float, ...]:
    """Read the points of the split, with commas between.

    Raises:
        UserError: If one is no number from 0 to 1, one occurs twice, or 0 or 1 is missing.
    """
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UserError(f"--points {text}: give numbers with commas, such as 0,0.5,1") from None
    if not all(0 <= value <= 1 for value in values) or len(set(values)) < len(values):
        raise UserError(f"--points {text}: give different shares from 0 to 1")
    if not {0.0, 1.0} <= set(values):
        raise UserError(f"--points {text}: 0 (authentic) and 1 (synthetic) belong to every split")
    return tuple(sorted(values))
