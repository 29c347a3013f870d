"""Radii chosen by what an attack leaves of one trained network that predicts CT."""

import numpy as np
import torch
from torch import nn

from trainables.metrics.radii import SHARES, radii_at
from trainables.runtime.seeding import derive
from trainables.study.study import Chosen
from trainables.synthesis.measurement import (
    Measurement,
    attacked,
    mean_known,
    score_subjects,
)
from trainables.synthesis.naming import HEADLINE
from trainables.synthesis.slices import Split

LEAST = 0.0125  # standard deviations of the MR
TRIED = (0.0, *(LEAST * 2**power for power in range(8)))


def choose_eps(
    network: nn.Module, val: Split, measurement: Measurement, device: torch.device, name: str
) -> Chosen:
    """Choose the radii at which a network's clean error is certain shares of its attacked one.

    Args:
        network: Trained. If attacks hardly change its error, the protocol's radii are kept.
        val: Never the subjects that rank.
        measurement: How it is attacked.
        device: Of the network.
        name: Of the network, for the reader.
    """
    attack, seed = measurement.build("pgd"), derive(measurement.seed, "pilot")
    seen = [attacked(network, attack, eps, seed) for eps in TRIED]
    scored = score_subjects(network, val, seen, device, measurement.batch_size)
    errors = np.array([mean_known(scores[HEADLINE]) for scores in scored])
    kept = errors[0] / errors
    details = {"tried": list(TRIED), "kept": kept.tolist(), "pilot": name}
    if not kept.min() <= SHARES[0]:
        line = f"eps as by default: PGD hardly changes what the {name} predicts on val"
        return Chosen(measurement.eps, line, details)
    eps = radii_at(TRIED, kept)
    times = ", ".join(f"{1 / share:.2g}" for share in SHARES)
    line = (
        f"eps chosen on val: {', '.join(f'{radius:g}' for radius in eps)} standard deviations; "
        f"PGD makes the {name}'s head MAE {times} times the clean one"
    )
    return Chosen(eps, line, details)
