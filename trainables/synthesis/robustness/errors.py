"""The errors that attacks on synthesis raise: the one that is reported, and the squared one.

Reported is the mean absolute error within the head. The mean squared error over the slice, which
the paper attacks, also grows outside the head and by few great errors: attacks on it alone leave a
network up to an eighth better than it is. Each of the two errors finds what the other misses, so
gradient attacks raise both in turn, and for each slice the version counts that is worse for the
error that is reported.
"""

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from trainables.attacks.attack import Attack
from trainables.attacks.ensemble import Ensemble
from trainables.attacks.square import Square
from trainables.attacks.transfer import Transfer
from trainables.losses.likelihood import Loss, squared_error


def head_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Compute the mean absolute error within the head of each slice.

    Args:
        prediction: Normalised CT, (N, 1, H, W).
        target: Normalised CT, and the head as 0 and 1, (N, 2, H, W).

    Returns:
        (N,); 0 for a slice without a head.
    """
    heads = target[:, 1:]
    errors = ((prediction - target[:, :1]).abs() * heads).flatten(1).sum(dim=1)
    return errors / heads.flatten(1).sum(dim=1).clamp_min(1)


def slice_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Compute the mean squared error over each whole slice, (N,); arguments as `head_error`."""
    return squared_error(prediction, target[:, :1])


ERRORS: Mapping[str, Loss] = {"": head_error, "-squared": slice_error}
"""By what is added to the name of an attack that raises the error."""


def aim(attacks: Mapping[str, Attack]) -> Ensemble:
    """Aim every attack at both errors; those that follow no gradient of the network at the first.

    Args:
        attacks: By name, built for synthesis; their own losses are replaced.

    Returns:
        Attacks on targets of CT and head, (N, 2, H, W), by name: ``pgd`` and ``pgd-squared``.
    """
    return {
        f"{name}{suffix}": _aimed(attack, loss)
        for name, attack in attacks.items()
        for suffix, loss in ERRORS.items()
        if not suffix or not isinstance(attack, Square | Transfer)
    }


def _aimed(attack: Attack, loss: Loss) -> Attack:
    if isinstance(attack, Transfer):
        return replace(attack, loss=loss, attack=replace(attack.attack, loss=loss))
    return replace(attack, loss=loss)
