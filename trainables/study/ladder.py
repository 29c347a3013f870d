"""Ladders as text: ``20:pgd-5@128,60:pgd-10,60:pgd-20x2!`` names three rungs.

A rung is ``EPOCHS:ATTACK``. What may follow, in this order: ``-STEPS`` (of the gradient, or queries
of a black box), ``xRESTARTS``, ``@IMAGES`` (the greatest number of images of the ranking split) and
``!`` for an audit (the signs of masked gradients are measured as well).
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
STEPS = (5, 10, 20)  # of the gradient, at the first, second and last rung
QUERIES = (100, 300, 1000)  # of a black box, at the same


def default_ladder(attack: str, epochs: int, subset: int | None, restarts: int = 2) -> str:
    """Return the ladder of an attack: a cheap rung, then longer training, then a stronger attack.

    The first rung lies at a third of the budget. No rung lies lower: nearly constant networks are
    hard to attack, and most networks are nearly constant early in training. On BreastMNIST at 10 %
    the ranks of nine trials after 7 of 60 epochs did not agree with the last ones (Kendall's tau
    -0.11); after 20 epochs they did (0.94).

    Args:
        attack: The one that ranks at the last rung.
        epochs: The budget.
        subset: Images of the first rung; None for all.
        restarts: Of PGD at the last rung.
    """
    third, images = -(-epochs // 3), f"@{subset}" if subset else ""
    if attack == ONE_STEP:  # as the papers measure: no stronger at the end than at the beginning
        return f"{third}:{attack}{images},{epochs}:{attack}"
    early, strengths = ("square", QUERIES) if attack == "square" else ("pgd", STEPS)
    first, second, last = strengths
    starts = f"x{restarts}" if attack == "pgd" and restarts > 1 else ""
    start = f"{third}:{early}-{first}{images},{epochs}:{early}-{second}"
    return f"{start},{epochs}:{attack}-{last}{starts}!"


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
        text: In the form that the module describes.
        attacks: The names that an attack may have.
        epochs: The budget, at which the last rung must lie.
        eps: Radii of every rung, rising from 0.
        metric_of: Returns the metric that ranks under an attack.

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
    match = _RUNG.fullmatch(text)
    parts = match.groupdict() if match else {}
    numbers = [int(part) for part in parts.values() if part and part.isdigit()]
    if not parts or 0 in numbers:
        raise UserError(f"the rung {text!r} does not parse: write {FORM}")
    attack = parts["attack"]
    if attack not in attacks:
        raise UserError(f"the rung {text!r} names no known attack: write {FORM}")
    level = Level(
        attack=attack,
        steps=int(parts["steps"]) if parts["steps"] else None,
        restarts=int(parts["restarts"] or 1),
        eps=eps,
        images=int(parts["images"]) if parts["images"] else None,
        audit=parts["audit"] == "!",
    )
    return Rung(int(parts["epochs"]), metric_of(attack), level)
