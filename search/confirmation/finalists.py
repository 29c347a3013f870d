"""Who takes part in a confirmation: the best of a run, its references, and matched controls."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from search.engine.trial import State
from search.results.ranking import Row


@dataclass(frozen=True)
class Finalist:
    """A config that is trained anew.

    Attributes:
        id: In the confirmation, ``r01`` and on.
        trial: Its id in the run.
        name: What a reader knows it by: the reference's label, or the trial's id.
        config: The whole config.
        reference: Whether it is a reference of the run.
        control: Compared with, but never the winner.
        place: In the run's ranking, from 1.
        promised: Its value there.
        candidate: Whether it is among the best of the run, one of which will be the winner.
    """

    id: str
    trial: str
    name: str
    config: dict[str, Any]
    reference: bool
    control: bool
    place: int
    promised: float
    candidate: bool = True


def choose_finalists(
    rows: Sequence[Row], top: int, references: Collection[str]
) -> tuple[Finalist, ...]:
    """List the best trials that can win, then the references that are not among them.

    The controls that are matched to the best of all always take part.

    Args:
        rows: A run's ranking.
        top: How many of the best.
        references: Labels of those that are to be compared with.

    Returns:
        Nothing where no trial can win.
    """
    best = [row for row in rows if not row.note and not row.trial.control][:top]
    if not best:
        return ()
    controls = set(best[0].trial.controls.values())
    rest = [
        row
        for row in rows
        if (row.trial.label in references or row.trial.id in controls)
        and row.trial.state is State.COMPLETED
        and row not in best
    ]
    return tuple(
        Finalist(
            id=f"r{number:02d}",
            trial=row.trial.id,
            name=row.trial.label or row.trial.id,
            config=dict(row.trial.config),
            reference=row.trial.is_reference,
            control=row.trial.control,
            place=rows.index(row) + 1,
            promised=row.value,
            candidate=row in best,
        )
        for number, row in enumerate([*best, *rest], start=1)
    )
