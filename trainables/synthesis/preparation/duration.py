"""The time that a trial takes, predicted from a few steps, before hours are spent on it."""

import time
from collections.abc import Callable

import torch

from searchspace.unet import plain
from trainables.attacks.registry import build_synthesis_attack
from trainables.metrics.radii import COUNT
from trainables.models.ct.networks import build_network
from trainables.study.report import Rung
from trainables.study.study import Say
from trainables.synthesis.measurement import ALWAYS
from trainables.synthesis.preparation.assets import Data
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.training.effort import ATTACK, work_of_network
from trainables.synthesis.training.epoch import ATTACKED, STEPS

SLOW = 4e12  # multiply-adds and their like from which it is worth a look: minutes on one core
SAID_S = 60.0
PREDICTION = 0.35  # of a slice's training, that its prediction takes
ERRORS = 2  # that each attack is aimed at


def slices_of_trial(settings: SynthesisSettings, data: Data) -> tuple[float, float]:
    """Count what a trial computes, in slices of training.

    Args:
        settings: Of the run.
        data: Its splits.

    Returns:
        What training takes, and what validation and all rungs take, in which each slice may be
        predicted a second time, mirrored.
    """
    trained = settings.epochs * (settings.epoch_slices or len(data.train.trimmed()))
    val = len(data.val)
    attacked = min(ATTACKED, len(data.val.subjects)) if settings.epoch_by == "error" else 0
    validation = settings.epochs * (PREDICTION * val + (PREDICTION + ATTACK * STEPS) * attacked)
    rungs = sum(_passes(rung, settings) for rung in settings.rungs) * len(data.ranking)
    return trained, (1 + settings.mirrored) * (validation + rungs)


def _passes(rung: Rung, settings: SynthesisSettings) -> float:
    """Count what a rung takes of each slice of ranking, in slices of training."""
    level, radii = rung.level, COUNT if settings.eps_auto else len(settings.eps) - 1
    if level is None:
        return PREDICTION
    steps = 0.0
    for kind in dict.fromkeys((*ALWAYS, level.attack)):
        strength = (level.steps, level.restarts) if kind == level.attack else (None, 1)
        attack = build_synthesis_attack(kind, 1, *strength)
        steps += getattr(attack, "steps", 1) * strength[1]
    return radii * ERRORS * (ATTACK * steps + PREDICTION)


def say_duration(settings: SynthesisSettings, data: Data, say: Say) -> None:
    """Say how long a trial of the plain U-Net will take, if that is more than a minute.

    Args:
        settings: Of the run.
        data: Its splits.
        say: Receives the sentence.
    """
    training, rest = slices_of_trial(settings, data)
    network = str(plain(settings.max_filters, settings.max_depth))
    image = settings.size, settings.channels
    if (training + rest) * work_of_network(network, settings.kernels, *image) < SLOW:
        return
    each = _seconds_of_slice(network, settings)
    if (training + rest) * each >= SAID_S:
        say(
            f"a trial of the plain U-Net will take about {_words(training * each)} to train on "
            f"{settings.device} as it is now, and {_words(rest * each)} to validate and to attack"
        )


def _seconds_of_slice(text: str, settings: SynthesisSettings) -> float:
    """Train on noise, twice, and return the seconds of a slice in the faster step."""
    device, batch = torch.device(settings.device), settings.batch_size
    network = build_network(text, settings.kernels, "instance", settings.channels).to(device)
    images = torch.zeros(batch, settings.channels, settings.size, settings.size, device=device)
    seconds = [_timed(lambda: network(images).mean().backward(), device) for _ in range(2)]
    return min(seconds) / batch


def _timed(step: Callable[[], None], device: torch.device) -> float:
    started = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


def _words(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1.5:
        return "a minute"
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
