"""What a trial is asked for, a rung, and what it answers: a report."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Level:
    """How hard a model is attacked: a fidelity beside epochs.

    Attributes:
        attack: The kind that ranks, a name of the study's attacks.
        steps: Of its gradient, or queries of a black box; None for the attack's own.
        restarts: From other random starts, at least 1.
        eps: Radii in the unit of the study's threat model, rising from 0.
        images: At most so many images (subjects) of the ranking split, the same for all trials;
            None for all.
        audit: Whether what betrays masked gradients is measured, which costs more.
    """

    attack: str
    steps: int | None
    restarts: int
    eps: tuple[float, ...]
    images: int | None = None
    audit: bool = False


@dataclass(frozen=True)
class Rung:
    """Where trials are compared.

    Attributes:
        epochs: How long they have trained; may be the same as at the rung before.
        metric: A key of `Report.metrics`: what they are compared by, unless the user names another.
        level: How hard they are attacked; None where nothing is.
    """

    epochs: int
    metric: str
    level: Level | None = None


@dataclass(frozen=True)
class Report:
    """What a trial says at a rung, of its best-on-val epoch so far.

    Attributes:
        epoch: Epochs trained.
        metrics: Scores by name, ``{split}_{measurement}_{score}``; every value finite or NaN.
        intervals: 95 % intervals (low, high) of some of the metrics.
        constraints: Each is met where its value is at most 0.
        seconds: Time spent since the last report, by activity.
        best_epoch: The epoch that val chose and whose model was measured, where val chooses.
        rung: Its place on the ladder, from 0; the worker fills it in.
        notes: What the user should be told.
    """

    epoch: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    constraints: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    best_epoch: int | None = None
    rung: int = 0
    notes: tuple[str, ...] = ()
