"""Ensembles by the names that ``--attacks`` takes; the cheapest attack comes first."""

from collections.abc import Mapping

from torch import Tensor, nn

from searchspace.names import lookup
from trainables.attacks.apgd import APGD
from trainables.attacks.attack import Attack
from trainables.attacks.registry import build_attack, build_synthesis_attack
from trainables.attacks.transfer import Transfer
from trainables.data.task import Task
from trainables.losses.likelihood import Loss, log_odds, squared_error

# Keys of `ATTACKS`, with gradient steps, or queries of the black box.
ENSEMBLES: Mapping[str, Mapping[str, int]] = {
    "quick": {"apgd-ce": 20, "apgd-margin": 20, "square": 200},
    "standard": {"apgd-ce": 100, "apgd-t": 100, "fab": 100, "square": 5000},
}

# Keys of `SYNTHESIS_ATTACKS`, with steps or queries, and random starts. No slice counts as broken,
# so each attack runs to its end on all slices: hence fewer queries.
SYNTHESIS_ENSEMBLES: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "quick": {"pgd-clean": (20, 1), "apgd": (20, 1), "square": (200, 1)},
    "standard": {"pgd-clean": (100, 1), "pgd": (100, 1), "apgd": (100, 3), "square": (1000, 1)},
}

# Of APGD on each source model of a transfer attack.
TRANSFER_STEPS: Mapping[str, int] = {"quick": 20, "standard": 100}


# Queries of the black box from which on a robustness card may say that gradients are not masked.
CARD_QUERIES = 1000


def guesses_enough(name: str) -> bool:
    """Return whether the black box of an ensemble tries enough for a robustness card."""
    queries = ENSEMBLES[name]["square"], SYNTHESIS_ENSEMBLES[name]["square"][0]
    return min(queries) >= CARD_QUERIES


def build_ensemble(
    name: str,
    task: Task,
    sources: Mapping[str, nn.Module] | None = None,
    whole: tuple[Tensor, Tensor] | None = None,
    *,
    order: bool = False,
) -> dict[str, Attack]:
    """Build an ensemble by name, with the losses that fit a task.

    Args:
        name: A key of `ENSEMBLES`.
        task: What the labels mean.
        sources: Models by name, whose adversarial images are used as well: as the attack
            ``transfer-NAME``, before the black box.
        whole: All images and labels that are attacked, see `Transfer`.
        order: Whether scores of an order count: then FAB, which stops at the boundary, is left out.

    Raises:
        UserError: If the name is unknown.
    """
    strengths = lookup(ENSEMBLES, name, "ensemble of attacks")
    attacks = {
        kind: build_attack(kind, task, steps)
        for kind, steps in strengths.items()
        if not (order and kind == "fab")
    }
    transfers = _transfers(sources, log_odds, 256, TRANSFER_STEPS[name], whole)
    return _insert(transfers, attacks)


def build_synthesis_ensemble(
    name: str, batch_size: int = 32, sources: Mapping[str, nn.Module] | None = None
) -> dict[str, Attack]:
    """Build, by name, an ensemble of attacks on a network that predicts an image.

    Args:
        name: A key of `SYNTHESIS_ENSEMBLES`.
        batch_size: Images attacked at a time; affects memory, not the result.
        sources: As for `build_ensemble`.

    Raises:
        UserError: If the name is unknown.
    """
    strengths = lookup(SYNTHESIS_ENSEMBLES, name, "ensemble of attacks")
    attacks = {
        kind: build_synthesis_attack(kind, batch_size, steps, restarts)
        for kind, (steps, restarts) in strengths.items()
    }
    transfers = _transfers(sources, squared_error, batch_size, TRANSFER_STEPS[name])
    return _insert(transfers, attacks)


def _transfers(
    sources: Mapping[str, nn.Module] | None,
    loss: Loss,
    batch_size: int,
    steps: int,
    whole: tuple[Tensor, Tensor] | None = None,
) -> dict[str, Attack]:
    attack = APGD(loss=loss, iterations=steps, batch_size=batch_size)
    return {
        f"transfer-{name}": Transfer(
            loss=loss,
            source=source,
            attack=attack,
            name=name,
            whole=whole,
            batch_size=batch_size,
        )
        for name, source in (sources or {}).items()
    }


def _insert(transfers: dict[str, Attack], attacks: dict[str, Attack]) -> dict[str, Attack]:
    """Insert transfer attacks before the last attack, the black box."""
    *first, (name, last) = attacks.items()
    return {**dict(first), **transfers, name: last}
