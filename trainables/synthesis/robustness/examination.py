"""Examine a network that predicts CT: an ensemble of attacks along the radii, then disturbances.

Where the split holds the subjects' own voxels, as that of test does, clean and attacked errors are
measured there as well: these are conditions of their own, `VOXELS` and `VOXELS_ATTACKED`.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from trainables.attacks.presets import build_synthesis_ensemble
from trainables.attacks.signs.steadiness import require_steady
from trainables.attacks.threat import mr_deviations
from trainables.corruptions.noise import gaussian
from trainables.runtime.seeding import derive
from trainables.study.examination import CLEAN, ENSEMBLE, NOISE, Exam, Examination, count_wins
from trainables.synthesis.about import HEADLINE
from trainables.synthesis.constant import constant_error
from trainables.synthesis.measurement import NATIVE, Perturb, score_subjects
from trainables.synthesis.robustness.disturbances import STRENGTHS, disturbance
from trainables.synthesis.robustness.errors import aim
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import Split

VOXELS, VOXELS_ATTACKED = "on voxels", "ensemble on voxels"
SIGMAS = (0.05, 0.1, 0.15, 0.2, 0.25)  # standard deviations of the MR [robmednas, figure 7]


def examine_synthesis(
    network: nn.Module,
    split: Split,
    eps: tuple[float, ...],
    exam: Exam,
    sources: Mapping[str, nn.Module],
    device: torch.device,
    batch_size: int = 32,
) -> Examination:
    """Measure every subject's head MAE clean, under the ensemble at every radius, and disturbed.

    Args:
        network: Predicts normalised CT from MR.
        split: The subjects.
        eps: Radii in standard deviations of the MR, rising from 0.
        exam: The ensemble, the seed, whether noise and disturbances are applied.
        sources: Other networks by name; their adversarial MR are used as well.
        device: Of the network.
        batch_size: Slices at a time.

    Raises:
        UnsteadyError: If the network answers the same MR differently.
    """
    mr, _ = split.batch(range(min(batch_size, len(split))), device)
    require_steady(network, mr)
    ensemble = aim(build_synthesis_ensemble(exam.attacks, batch_size, sources))
    options = {"seed": derive(exam.seed, "ensemble"), "batch_size": batch_size}
    worst = [WorstOf(network, split, ensemble, radius, **options) for radius in eps[1:]]
    conditions = [(CLEAN, 0.0), *((ENSEMBLE, radius) for radius in eps[1:])]
    native = all(subject.native is not None for subject in split.subjects)
    attacked = score_subjects(network, split, [None, *worst], device, batch_size, voxels=native)
    disturbances = _disturbances(exam.seed) if exam.corruptions else {}
    conditions += disturbances
    disturbed = score_subjects(network, split, list(disturbances.values()), device, batch_size)
    winners = np.array([list(perturb.winners.values()) for perturb in worst], dtype=np.int64)
    attacks, wins = count_wins(tuple(ensemble), winners)
    scores = np.stack([by_name[HEADLINE] for by_name in (*attacked, *disturbed)])
    if native:
        conditions += [(VOXELS, 0.0), *((VOXELS_ATTACKED, radius) for radius in eps[1:])]
        on_voxels = [by_name[f"{NATIVE}_{HEADLINE}"] for by_name in attacked]
        scores = np.concatenate([scores, on_voxels])
    guessed = [len(perturb.guessed) / len(perturb.winners) for perturb in worst]
    labels = np.zeros(scores.shape[1], dtype=np.int64)  # subjects have no classes
    return Examination(
        score="head MAE, HU",
        direction="min",
        conditions=tuple(conditions),
        scores=scores,
        labels=labels,
        attacks=attacks,
        wins=wins,
        constant=constant_error(split),
        guessed=scores.shape[1] * np.array(guessed),  # a share of slices, as a number of subjects
    )


def _disturbances(seed: int) -> dict[tuple[str, float], Perturb]:
    """List noise, and what scanners do to MR, by kind and strength."""
    noise = derive(seed, "noise")
    perturbations = {(NOISE, sigma): _noise(sigma, noise) for sigma in SIGMAS}
    chance = derive(seed, "disturbance")
    for kind, strengths in STRENGTHS.items():
        for strength in strengths:
            perturbations[kind, strength] = disturbance(kind, strength, chance)
    return perturbations


def _noise(sigma: float, seed: int) -> Perturb:
    def perturb(mr: torch.Tensor, _ct: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        return gaussian(mr, sigma, derive(seed, int(numbers[0])), mr_deviations(0))

    return perturb
