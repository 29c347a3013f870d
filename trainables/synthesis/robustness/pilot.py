"""Choose radii by the error of one trained network that predicts CT, under attack."""

import numpy as np
import torch
from torch import nn

from trainables.metrics.radii import SHARES, radii_at
from trainables.runtime.seeding import derive
from trainables.study.study import EpsChoice
from trainables.synthesis.about import HEADLINE
from trainables.synthesis.measurement import Measurement, mean_without_nan, score_subjects
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import Split

LEAST = 0.0125  # standard deviations of the MR
RADII = (0.0, *(LEAST * 2**power for power in range(8)))


def choose_eps(
    network: nn.Module, val: Split, measurement: Measurement, device: torch.device, name: str
) -> EpsChoice:
    """Choose radii at which a network's clean error is a certain share of its error under attack.

    Args:
        network: Trained. If attacks hardly change its error, the measurement's radii remain.
        val: The val subjects, never the ones that rank.
        measurement: How it is attacked.
        device: Of the network.
        name: Of the network, for the reader.
    """
    attacks, seed = measurement.build("pgd"), derive(measurement.seed, "pilot")
    size = measurement.batch_size
    attacked = [
        WorstOf(network, val, attacks, eps, seed=seed, batch_size=size) for eps in RADII[1:]
    ]
    perturbations = [None, *attacked]
    by_radius = score_subjects(network, val, perturbations, device, measurement.batch_size)
    errors = np.array([mean_without_nan(scores[HEADLINE]) for scores in by_radius])
    shares = errors[0] / errors
    details = {"tried": list(RADII), "kept": shares.tolist(), "pilot": name}
    if not shares.min() <= SHARES[0]:
        line = f"eps as by default: PGD hardly changes what the {name} predicts on val"
        return EpsChoice(measurement.eps, line, details)
    eps = radii_at(RADII, shares)
    times = ", ".join(f"{1 / share:.2g}" for share in SHARES)
    line = (
        f"eps chosen on val: {', '.join(f'{radius:g}' for radius in eps)} standard deviations; "
        f"PGD makes the {name}'s head MAE {times} times the clean one"
    )
    return EpsChoice(eps, line, details)
