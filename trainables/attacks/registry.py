"""Attacks by the names that ``--attack`` takes."""

from collections.abc import Callable, Mapping

from searchspace.names import lookup
from trainables.attacks.apgd import APGD
from trainables.attacks.attack import Attack
from trainables.attacks.gradient import FGSM, PGD
from trainables.attacks.losses import likelihood_loss, margin
from trainables.attacks.square import Square
from trainables.data.dataset import Task

ATTACKS: Mapping[str, Callable[[Task], Attack]] = {
    "fgsm": lambda task: FGSM(loss=likelihood_loss(task)),
    "pgd": lambda task: PGD(loss=likelihood_loss(task)),
    "apgd-ce": lambda task: APGD(loss=likelihood_loss(task)),
    "apgd-margin": lambda _: APGD(loss=margin),
    "square": lambda _: Square(loss=margin),
}


def build_attack(name: str, task: Task) -> Attack:
    """Build an attack by name, with the loss that fits a task.

    Raises:
        UserError: If the name is unknown.
    """
    return lookup(ATTACKS, name, "attack")(task)
