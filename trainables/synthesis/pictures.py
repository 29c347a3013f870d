"""Pictures of networks that predict CT: predictions and errors, clean and attacked."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from trainables.runtime.arrays import Floats32, Mask
from trainables.runtime.seeding import derive
from trainables.study.sheet import Column, Sheet
from trainables.synthesis.measurement import Measurement
from trainables.synthesis.prediction import predict
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import Split

SUBJECTS = 2
WINDOW = (-1000.0, 1500.0)  # HU, as the paper clips


def draw_predictions(
    networks: Mapping[str, nn.Module],
    split: Split,
    measurement: Measurement,
    device: torch.device,
    name: str = "val",
) -> Sheet:
    """Show MR, CT, predictions and errors of two subjects [robmednas, figures 3 and 4].

    Args:
        networks: By name, each a row for each subject.
        split: Whose first subjects are shown.
        measurement: Its attack is shown, at the middle one of its radii.
        device: Of the networks.
        name: Of the split, for the caption.
    """
    subset = split.widest(SUBJECTS)
    eps, seed = measurement.eps[len(measurement.eps) // 2], derive(measurement.seed, "attack")
    mr, ct = subset.batch(range(len(subset)), device)
    numbers = torch.arange(len(subset), device=device)
    attacked_mr, clean, attacked = [], [], []
    for network in networks.values():
        attacks = measurement.build(measurement.attack)
        inputs = WorstOf(network, subset, attacks, eps, seed=seed, batch_size=1)(mr, ct, numbers)
        attacked_mr.append(_middle(inputs))
        clean.append(predict(network, mr, measurement.batch_size))
        attacked.append(predict(network, inputs, measurement.batch_size))
    count = len(networks)
    columns = _columns(
        np.repeat(_middle(mr), count, axis=0),
        np.repeat(np.stack([subject.ct[0] for subject in subset.subjects]), count, axis=0),
        np.repeat(np.stack([subject.mask[0] for subject in subset.subjects]), count, axis=0),
        _by_subject(attacked_mr),
        (_by_subject(clean), _by_subject(attacked)),
    )
    caption = (
        f"Subjects of {name}, the slice with most of the head. Attacked by "
        f"{measurement.attack.upper()} at {eps:g} standard deviations of the MR. Below errors: "
        "mean absolute error over the head."
    )
    names = tuple(f"{subject.name}\n{row}" for subject in subset.subjects for row in networks)
    return Sheet("predictions", "Predictions, clean and attacked", caption, names, columns)


def _middle(mr: Tensor) -> Floats32:
    """Return, of MR (N, C, S, S), the slices whose CT is predicted, (N, S, S)."""
    slices: Floats32 = mr[:, mr.shape[1] // 2].cpu().numpy()
    return slices


def _by_subject(pictures: Sequence[Floats32]) -> Floats32:
    """Order pictures subject by subject, so that the rows of the networks follow each other."""
    return np.stack(pictures, axis=1).reshape(-1, *pictures[0].shape[1:])


def _columns(
    mr: Floats32,
    ct: np.ndarray,
    heads: Mask,
    attacked_mr: Floats32,
    predictions: tuple[Floats32, Floats32],
) -> tuple[Column, ...]:
    """Make the columns, (R, S, S) each; ``predictions`` are of clean and of attacked MR."""
    hu = ct.astype(np.float32)
    clean_hu, attacked_hu = predictions
    bound = float(np.quantile(np.abs((attacked_hu - hu)[heads]), 0.99))
    low, high = (float(np.quantile(mr, share)) for share in (0.01, 0.995))
    return (
        Column("MR", mr, low=low, high=high),
        Column("CT", hu, low=WINDOW[0], high=WINDOW[1]),
        Column("prediction", clean_hu, low=WINDOW[0], high=WINDOW[1]),
        _errors(clean_hu - hu, heads, bound),
        Column("attacked MR", attacked_mr, low=low, high=high),
        Column("prediction", attacked_hu, low=WINDOW[0], high=WINDOW[1]),
        _errors(attacked_hu - hu, heads, bound),
    )


def _errors(errors: Floats32, heads: Mask, bound: float) -> Column:
    maes = [float(np.abs(error[head]).mean()) for error, head in zip(errors, heads, strict=True)]
    notes = tuple(f"{mae:.0f} HU" for mae in maes)
    return Column("error", errors, "signed", high=bound, unit="HU", notes=notes)
