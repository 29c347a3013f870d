"""What a coordinator is given: how the search is run, and who is told what happens."""

from dataclasses import dataclass
from typing import Any, Protocol

from search.engine.judge import Judge
from search.engine.objective import Objective
from search.engine.proposals import PointSource
from search.engine.trial import Trial
from trainables.study.report import Rung
from trainables.study.study import Reference


class Observer(Protocol):
    """Is told what happens, in order."""

    def notice(self, event: str, trial: Trial | None, **details: Any) -> None:  # noqa: ANN401
        """Take note of an event.

        Args:
            event: ``proposed``, ``known``, ``refused``, ``reported``, ``noted``, ``judged``,
                ``agreement``, ``repeated``, ``matched``, ``restarted``, ``retried``, ``ended``,
                ``exhausted`` or ``halted``.
            trial: That the event is about; None for one of the whole run.
            **details: ``elapsed_s``, and what belongs to the event.
        """


@dataclass(frozen=True)
class Rules:
    """How a search is run.

    Attributes:
        source: Where points come from.
        references: Trials that every run contains.
        trials: How many sampled trials.
        rungs: The ladder on which trials report; at the last they are complete.
        objective: What ranks.
        judge: Completes the constraints of reports.
    """

    source: PointSource
    references: tuple[Reference, ...]
    trials: int
    rungs: tuple[Rung, ...]
    objective: Objective
    judge: Judge
