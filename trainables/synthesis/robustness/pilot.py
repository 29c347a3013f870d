"""Attack a trained network that predicts CT on val, to choose the radii of a run between two."""

import math

import numpy as np
import torch
from torch import nn

from trainables.metrics.radii import LAST, Anchor, Scale
from trainables.runtime.seeding import derive
from trainables.synthesis.about import HEADLINE
from trainables.synthesis.constant import constant_error, lost_skill
from trainables.synthesis.measurement import Measurement, mean_without_nan, score_subjects
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import Split

RADII = (0.0, *(2.0**power for power in range(-10, 2)))  # standard deviations of the MR
SCALE = Scale(RADII, 1.0, "standard deviations", greatest=math.inf)
SLICES = 64  # of val that are attacked, at most


def measure_anchor(
    network: nn.Module, val: Split, measurement: Measurement, device: torch.device, name: str
) -> Anchor:
    """Attack a network on val at `RADII`, up to one that leaves no more than `LAST` of its skill.

    Args:
        network: Trained.
        val: The val subjects, never the ones that rank. Of more than `SLICES` slices, the widest
            of each subject stands for it.
        measurement: How it is attacked.
        device: Of the network.
        name: Of the network, for the reader.
    """
    part = val if len(val) <= SLICES else val.widest(SLICES)
    attacks, seed = measurement.build("pgd"), derive(measurement.seed, "pilot")
    size = measurement.batch_size

    def error(eps: float) -> float:
        worst = WorstOf(network, part, attacks, eps, seed=seed, batch_size=size) if eps else None
        (scores,) = score_subjects(network, part, [worst], device, size)
        return mean_without_nan(scores[HEADLINE])

    clean, constant = error(0.0), constant_error(part)
    if not clean < constant:
        return Anchor(name, None)
    survival = [1.0]
    for eps in RADII[1:]:
        survival.append(1 - lost_skill(clean, error(eps), constant))
        if survival[-1] <= LAST:  # where it goes on to fall changes no radius
            break
    return Anchor(name, np.array(survival))
