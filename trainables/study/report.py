"""A rung of the ladder, where trials are measured, and the report of a trial at a rung."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Level:
    """How hard a model is attacked: what a measurement costs, besides the epochs of training.

    Attributes:
        attack: The kind that ranks, a name of the study's attacks.
        steps: Of its gradient, or queries of a black box; None for the attack's own.
        restarts: Random starts of the attack, at least 1.
        eps: Radii in the unit of the study's threat model, rising from 0.
        images: The greatest number of images (subjects) of the ranking split, the same ones for
            all trials; None for all.
        audit: Whether the signs of masked gradients are measured, which costs more.
    """

    attack: str
    steps: int | None
    restarts: int
    eps: tuple[float, ...]
    images: int | None = None
    audit: bool = False


@dataclass(frozen=True)
class Rung:
    """A point of the budget at which trials are compared.

    Attributes:
        epochs: Epochs of training; may be the same as at the rung before.
        metric: A key of `Report.metrics`, by which trials are compared unless the user names
            another.
        level: How hard the models are attacked; None for no attack.
    """

    epochs: int
    metric: str
    level: Level | None = None


@dataclass(frozen=True)
class Report:
    """The scores of a trial at a rung, measured on its best-on-val epoch so far.

    Attributes:
        epoch: Epochs trained.
        metrics: Scores by name, ``{split}_{measurement}_{score}``; every value finite or NaN.
        intervals: 95 % intervals (low, high) of some of the metrics.
        constraints: By name; a constraint is met where its value is at most 0.
        seconds: Time spent since the last report, by activity.
        best_epoch: The epoch whose model was measured, where val chooses it; None otherwise.
        rung: The number of the rung on the ladder, from 0; the worker sets it.
        notes: Sentences for the user.
    """

    epoch: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    constraints: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    best_epoch: int | None = None
    rung: int = 0
    notes: tuple[str, ...] = ()
