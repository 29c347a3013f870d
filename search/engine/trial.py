"""A trial as the engine sees it, whatever runs it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from trainables.study.report import Report
from trainables.study.study import MATCHED


class State(StrEnum):
    """Where a trial is. All but RUNNING are ends."""

    RUNNING = "running"
    COMPLETED = "completed"  # reached its budget
    PRUNED = "pruned"  # stopped by the scheduler at a rung
    FAILED = (
        "failed"  # raised, out of memory, lost its worker too often, or its value is not a number
    )
    INTERRUPTED = "interrupted"  # the user or a limit of the run ended it; it can go on


class Decision(StrEnum):
    """What a trial does after a report."""

    CONTINUE = "continue"
    STOP = "stop"


@dataclass(frozen=True)
class Failure:
    """Why a trial could not go on.

    Attributes:
        reason: One line.
        trace: The end of the traceback.
        ends_run: Whether every other trial would meet it as well, such as a full disk.
    """

    reason: str
    trace: str = ""
    ends_run: bool = False


@dataclass
class Trial:
    """One config run.

    Attributes:
        id: ``r01`` (reference) or ``t001`` (sampled); the name of its folder.
        config: The whole config.
        point: The point of the space that the sampler knows it by; None for a reference outside.
        repeats: The trial whose config is run again with another seed; empty where none is.
        seed: Added to the run's seed.
        by_value: Of a repeat, whether the trial that it repeats was chosen for its value.
        node: The machine that it ran on last, where there may be several; else empty.
        label: A reference's label, or a matched control's; empty for sampled trials.
        scaled: A reference whose model or budget is smaller than the paper's.
        control: A reference that is compared with, but never the winner.
        state: Where it is.
        reports: One per rung reached.
        reason: Why it ended, where it did not reach its budget.
        started_s: Seconds from the start of the run to its proposal.
        ended_s: Seconds from the start of the run to its end.
        controls: Ids of the controls that are matched to it, by label; empty unless it won.
    """

    id: str
    config: dict[str, Any]
    label: str = ""
    scaled: bool = False
    control: bool = False
    state: State = State.RUNNING
    reports: list[Report] = field(default_factory=list)
    reason: str = ""
    started_s: float = 0.0
    ended_s: float | None = None
    point: dict[str, Any] | None = None
    repeats: str = ""
    seed: int = 0
    by_value: bool = False
    node: str = ""
    controls: dict[str, str] = field(default_factory=dict)

    @property
    def is_reference(self) -> bool:
        """Whether the trial is one that every run contains."""
        return bool(self.label)

    @property
    def is_further(self) -> bool:
        """Whether it came after those that the search began with: another seed, or a control."""
        return bool(self.repeats) or self.is_matched

    @property
    def is_matched(self) -> bool:
        """Whether the trial is a control that was matched to a winner, after the search."""
        return self.label.startswith(f"{MATCHED} ")

    @property
    def name(self) -> str:
        """The id, and the label where there is one."""
        return f"{self.id} {self.label}" if self.label else self.id

    @property
    def marks(self) -> str:
        """Footnote marks: ``*`` where it is scaled, ``+`` where it is a control."""
        return "*" * self.scaled + "+" * self.control

    @property
    def epoch(self) -> int:
        """Epochs trained at the last report."""
        return self.reports[-1].epoch if self.reports else 0

    @property
    def rung(self) -> int:
        """The place of the last rung reached; -1 before the first."""
        return self.reports[-1].rung if self.reports else -1

    @property
    def spent_s(self) -> float:
        """Seconds of training and attacking, as reported."""
        return sum(sum(report.seconds.values()) for report in self.reports)
