"""Ladders as text: ``20:pgd-5@128,60:pgd-10,60:pgd-20x2!`` names three rungs.

A rung is ``EPOCHS:ATTACK``, then as far as wanted ``-STEPS`` (of the gradient, or queries of a
black box), ``xRESTARTS``, ``@IMAGES`` (at most so many of the ranking split) and ``!`` for an audit
(what betrays masked gradients is measured as well).
"""

import re
from collections.abc import Callable, Container, Iterable

from searchspace.errors import UserError
from trainables.study.report import Level, Rung

_RUNG = re.compile(
    r"(?P<epochs>\d+):(?P<attack>[a-z]+(?:-[a-z]+)*)(?:-(?P<steps>\d+))?"
    r"(?:x(?P<restarts>\d+))?(?:@(?P<images>\d+))?(?P<audit>!?)"
)
FORM = "EPOCHS:ATTACK[-STEPS][xRESTARTS][@IMAGES][!], such as 20:pgd-5@128,60:pgd-20x2!"
ONE_STEP = "fgsm"
FEW, SOME, MANY = 5, 10, 20  # gradient steps
QUERIES = (100, 300, 1000)


def default_ladder(attack: str, epochs: int, subset: int | None) -> str:
    """Return the ladder of an attack: cheap first, then longer training, then a stronger attack.

    The first rung lies at a third of the budget. None lies lower: nearly constant networks are hard
    to attack, and early on most are. On BreastMNIST at 10 % the rank of nine trials after 7 of 60
    epochs had nothing to do with the last (Kendall's tau -0.11); after 20 it agreed (0.94).

    Args:
        attack: The one that ranks at the last rung.
        epochs: The budget.
        subset: Images of the first rung; None for all.
    """
    third, few = -(-epochs // 3), f"@{subset}" if subset else ""
    if attack == ONE_STEP:  # the papers' protocol: as weak at the end as at the beginning
        return f"{third}:{attack}{few},{epochs}:{attack}"
    if attack == "square":
        first, second, last = QUERIES
        return f"{third}:{attack}-{first}{few},{epochs}:{attack}-{second},{epochs}:{attack}-{last}!"
    restarts = "x2" if attack == "pgd" else ""
    return f"{third}:pgd-{FEW}{few},{epochs}:pgd-{SOME},{epochs}:{attack}-{MANY}{restarts}!"


def parse_ladder(
    text: str,
    *,
    attacks: Container[str],
    epochs: int,
    eps: tuple[float, ...],
    metric_of: Callable[[str], str],
) -> tuple[Rung, ...]:
    """Read a ladder.

    Args:
        text: See the module.
        attacks: Names that are known.
        epochs: The budget, at which the last rung must lie.
        eps: Radii of every rung.
        metric_of: Names the metric that an attack ranks by.

    Raises:
        UserError: If the text does not parse, an attack is unknown, rungs go back, or the last does
            not lie at the budget.
    """
    rungs = tuple(_parse_rung(part.strip(), attacks, eps, metric_of) for part in text.split(","))
    ends = [rung.epochs for rung in rungs]
    if ends != sorted(ends):
        raise UserError(f"the ladder {text} goes back in epochs: give rungs in rising order")
    if ends[-1] != epochs:
        raise UserError(
            f"the ladder {text} ends at {ends[-1]} epochs, but a trial has {epochs}: end it at "
            f"{epochs}, or give --epochs {ends[-1]}"
        )
    return rungs


def format_ladder(rungs: Iterable[Rung]) -> str:
    """Write a ladder as `parse_ladder` reads it."""
    return ",".join(format_rung(rung) for rung in rungs)


def format_rung(rung: Rung) -> str:
    """Write a rung; one without an attack is its epochs."""
    level = rung.level
    if level is None:
        return str(rung.epochs)
    steps = "" if level.steps is None else f"-{level.steps}"
    restarts = "" if level.restarts == 1 else f"x{level.restarts}"
    images = "" if level.images is None else f"@{level.images}"
    return f"{rung.epochs}:{level.attack}{steps}{restarts}{images}{'!' * level.audit}"


def _parse_rung(
    text: str, attacks: Container[str], eps: tuple[float, ...], metric_of: Callable[[str], str]
) -> Rung:
    found = _RUNG.fullmatch(text)
    numbers = found.groupdict() if found else {}
    given = [int(number) for number in numbers.values() if number and number.isdigit()]
    if not numbers or 0 in given:
        raise UserError(f"the rung {text!r} does not parse: write {FORM}")
    attack = numbers["attack"]
    if attack not in attacks:
        raise UserError(f"the rung {text!r} names no known attack: write {FORM}")
    level = Level(
        attack=attack,
        steps=int(numbers["steps"]) if numbers["steps"] else None,
        restarts=int(numbers["restarts"] or 1),
        eps=eps,
        images=int(numbers["images"]) if numbers["images"] else None,
        audit=numbers["audit"] == "!",
    )
    return Rung(int(numbers["epochs"]), metric_of(attack), level)
