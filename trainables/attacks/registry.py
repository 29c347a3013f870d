"""Attacks by the names that ``--attack`` takes."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.attacks.apgd import APGD, TargetedAPGD
from trainables.attacks.attack import Attack
from trainables.attacks.fab import FAB
from trainables.attacks.gradient import FGSM, PGD
from trainables.attacks.square import Square
from trainables.data.task import Task
from trainables.losses.likelihood import margin, squared_error

ATTACKS: Mapping[str, Callable[[Task], Attack]] = {
    "fgsm": lambda _: FGSM(),
    "pgd": lambda _: PGD(),
    "apgd-ce": lambda _: APGD(),
    "apgd-margin": lambda _: APGD(loss=margin),
    "apgd-t": lambda _: TargetedAPGD(),
    "fab": lambda _: FAB(),
    "square": lambda _: Square(loss=margin),
}

# Made from the batch size; all maximise the error against the true image.
SYNTHESIS_ATTACKS: Mapping[str, Callable[[int], Attack]] = {
    "fgsm": lambda batch_size: FGSM(loss=squared_error, batch_size=batch_size),
    "pgd": lambda batch_size: PGD(loss=squared_error, batch_size=batch_size),
    "pgd-clean": lambda batch_size: PGD(
        loss=squared_error, batch_size=batch_size, random_start=False
    ),
    "apgd": lambda batch_size: APGD(loss=squared_error, batch_size=batch_size),
    "square": lambda batch_size: Square(loss=squared_error, batch_size=batch_size),
}


def build_attack(
    name: str,
    task: Task,
    steps: int | None = None,
    restarts: int = 1,
    batch_size: int = Attack.batch_size,
) -> Attack:
    """Build an attack by name; multi-label data are attacked label by label, as two classes.

    Args:
        name: A key of `ATTACKS`.
        task: What the labels mean.
        steps: Gradient steps, or queries of a black box; None for the attack's default.
        restarts: Number of random starts, at least 1.
        batch_size: Images attacked at a time; affects memory, not the result.

    Raises:
        UserError: If the name is unknown, or the attack has no such strength.
    """
    attack = replace(lookup(ATTACKS, name, "attack")(task), batch_size=batch_size)
    return _with_strength(attack, name, steps, restarts)


def build_synthesis_attack(
    name: str, batch_size: int = 32, steps: int | None = None, restarts: int = 1
) -> Attack:
    """Build, by name, an attack on a network that predicts an image.

    FGSM starts at the clean image, where the gradient of a near perfect prediction is noise; the
    other attacks move away from it first.

    Args:
        name: A key of `SYNTHESIS_ATTACKS`.
        batch_size: Images attacked at a time; affects memory, not the result.
        steps: Gradient steps, or queries of a black box; None for the attack's default.
        restarts: Number of random starts, at least 1.

    Raises:
        UserError: If the name is unknown, or the attack has no such strength.
    """
    attack = lookup(SYNTHESIS_ATTACKS, name, "attack")(batch_size)
    return _with_strength(attack, name, steps, restarts)


def _with_strength(attack: Attack, name: str, steps: int | None, restarts: int) -> Attack:
    match attack:
        case PGD() if attack.random_start or restarts == 1:
            return replace(attack, steps=steps or attack.steps, restarts=restarts)
        case APGD() | TargetedAPGD():
            return replace(attack, iterations=steps or attack.iterations, restarts=restarts)
        case FAB() if restarts == 1:
            return replace(attack, iterations=steps or attack.iterations)
        case Square() if restarts == 1:
            return replace(attack, queries=steps or attack.queries)
    if steps is not None or restarts != 1:
        raise UserError(f"{name} has no such strength: it takes no steps or no restarts")
    return attack
