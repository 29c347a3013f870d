"""What can be shown of networks that predict CT: predictions and errors, clean and attacked."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from trainables.runtime.seeding import derive
from trainables.study.sheet import Column, Sheet
from trainables.synthesis.measurement import Measurement, attacked, predict
from trainables.synthesis.slices import Split

SUBJECTS = 2
WINDOW = (-1000.0, 1500.0)  # HU, as the paper clips

Floats = npt.NDArray[np.float32]


def draw_predictions(
    networks: Mapping[str, nn.Module], split: Split, measurement: Measurement, device: torch.device
) -> Sheet:
    """Show MR, CT, predictions and errors of two subjects [robmednas, figures 3 and 4].

    Args:
        networks: By name, each a row for each subject.
        split: Not test.
        measurement: Its attack is shown, at the middle one of its radii.
        device: Of the networks.
    """
    few = split.widest(SUBJECTS)
    rows = range(len(few))
    eps, seed = measurement.eps[len(measurement.eps) // 2], derive(measurement.seed, "attack")
    mr, ct = few.batch(rows, device)
    hu = np.stack([one.ct[0] for one in few.subjects]).astype(np.float32)
    seen, clean, harmed = [], [], []
    for network in networks.values():
        perturb = attacked(network, measurement.build(measurement.attack), eps, seed)
        after = perturb(mr, ct, torch.arange(len(few), device=device)) if perturb else mr
        seen.append(after.squeeze(1).cpu().numpy())
        clean.append(predict(network, mr, measurement.batch_size))
        harmed.append(predict(network, after, measurement.batch_size))
    # Rows go subject by subject, so that networks stand below each other.
    before, after_attack, attacked_mr = (
        np.stack(one, axis=1).reshape(-1, *hu.shape[1:]) for one in (clean, harmed, seen)
    )
    count = len(networks)
    true, input_mr = np.repeat(hu, count, axis=0), np.repeat(mr.squeeze(1).cpu().numpy(), count, 0)
    heads = np.repeat(np.stack([one.mask[0] for one in few.subjects]), count, axis=0)
    errors, errors_attacked = before - true, after_attack - true
    most = float(np.quantile(np.abs(errors_attacked[heads]), 0.99))
    low, high = (float(np.quantile(input_mr, at)) for at in (0.01, 0.995))
    caption = (
        "Subjects of val, the slice with most of the head. Attacked by "
        f"{measurement.attack.upper()} at {eps:g} standard deviations of the MR. Below errors: "
        "mean absolute error over the head."
    )
    columns = (
        Column("MR", input_mr, low=low, high=high),
        Column("CT", true, low=WINDOW[0], high=WINDOW[1]),
        Column("prediction", before, low=WINDOW[0], high=WINDOW[1]),
        _errors("error", errors, heads, most),
        Column("attacked MR", attacked_mr, low=low, high=high),
        Column("prediction", after_attack, low=WINDOW[0], high=WINDOW[1]),
        _errors("error", errors_attacked, heads, most),
    )
    names = tuple(f"{one.name}\n{name}" for one in few.subjects for name in networks)
    return Sheet("predictions", "Predictions, clean and attacked", caption, names, columns)


def _errors(title: str, errors: Floats, heads: npt.NDArray[np.bool_], most: float) -> Column:
    maes = [float(np.abs(one[head]).mean()) for one, head in zip(errors, heads, strict=True)]
    notes = tuple(f"{mae:.0f} HU" for mae in maes)
    return Column(title, errors, "signed", high=most, unit="HU", notes=notes)
