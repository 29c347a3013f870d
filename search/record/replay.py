"""Put the record of a run to a coordinator again, so that it knows what it knew.

The events are the one truth of a run: sampler, scheduler, judge and table follow from them. A
killed run goes on from them (`restore`), and a sampler can be asked again whether it would propose
the same (`verify`): a proposal depends on the seed, its number, and what was told before it, and
the record holds these in order.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from search.engine.coordinator import Coordinator
from search.engine.proposals import Point
from search.engine.trial import Decision, Failure, State, Trial
from search.record.event import Event
from search.record.events import QUESTIONS, report_of
from searchspace.errors import UserError
from trainables.runtime.files import to_json
from trainables.study.study import Reference


class Clock:
    """Seconds of a run; while its record is put again they are the record's."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._offset = -ticks()
        self._shown: float | None = None

    def __call__(self) -> float:
        """Return the seconds since the start, times without a process left out."""
        return self._offset + self._ticks() if self._shown is None else self._shown

    def show(self, now: float) -> None:
        """Stand still at a time."""
        self._shown = now

    def go_on(self) -> None:
        """Run on from the time shown."""
        self._offset, self._shown = self() - self._ticks(), None


@dataclass(frozen=True)
class Difference:
    """A proposal that came out otherwise.

    Attributes:
        trial: Its id.
        recorded: The point in the record.
        proposed: The point now; None where nothing was proposed.
    """

    trial: str
    recorded: Point | None
    proposed: Point | None


def restore(coordinator: Coordinator, events: Iterable[Event], clock: Clock) -> None:
    """Bring a new coordinator to where the record ends; the sampler is not asked.

    Args:
        coordinator: New: it has proposed nothing.
        events: The whole record.
        clock: The coordinator's.

    Raises:
        UserError: If the record does not fit the study as it is now.
    """
    questions: list[Point] = []
    for event in events:
        clock.show(float(event["elapsed_s"]))
        _repeat(coordinator, event)
        if event["event"] in QUESTIONS:
            questions.append(event["point"])
        elif event["event"] in {"proposed", "exhausted"}:
            sampled = event["event"] == "exhausted" or not event["label"]
            if sampled and not event.get("repeats"):
                points = [*questions, event["point"]] if "point" in event else questions
                _check_points(coordinator, points)
                coordinator.proposals.script(points)
                questions = []
            _check(coordinator.propose(), event)
        else:
            _tell(coordinator, event)
    clock.go_on()


def _check_points(coordinator: Coordinator, points: Iterable[Point]) -> None:
    """Refuse what no sampler can have proposed: it would be told of it."""
    space = coordinator.rules.source.space
    for point in points:
        if not isinstance(point, dict) or not space.contains(point):
            raise UserError(
                f"the record proposes {str(point)[:60]!r}, which is no point of the space: it was "
                "changed, or is of another version"
            )


def verify(coordinator: Coordinator, events: Iterable[Event], clock: Clock) -> list[Difference]:
    """Ask the sampler again whatever it was asked, knowing what it knew; list what differs.

    It ends at the first difference: what was known after that is not the same.

    Args:
        coordinator: New: it has proposed nothing.
        events: The whole record.
        clock: The coordinator's.
    """
    for event in events:
        clock.show(float(event["elapsed_s"]))
        _repeat(coordinator, event)
        if event["event"] != "proposed":
            _tell(coordinator, event)
            continue
        trial = coordinator.propose()
        recorded = event["trial"], to_json(event["point"])
        if trial is None or (trial.id, to_json(trial.point)) != recorded:
            return [Difference(event["trial"], event["point"], trial.point if trial else None)]
    return []


def _repeat(coordinator: Coordinator, event: Event) -> None:
    """Choose again what the record says was chosen; older records name each training alone."""
    if event["event"] == "repeated":
        purpose, trials, seeds = event["purpose"], event["trials"], event["seeds"]
        coordinator.repeat(purpose, trials, seeds, by_value=event["by_value"])
    elif event["event"] == "proposed" and event.get("repeats"):
        by_value = event.get("by_value", True)
        coordinator.repeat("", [event["repeats"]], [event["seed"]], by_value=by_value)


def _tell(coordinator: Coordinator, event: Event) -> None:
    """Tell what a trial did, and what was decided of it.

    Judgements and restarts follow, or make no difference.
    """
    if "node" in event:
        coordinator.place(event["trial"], event["node"])
    if event["event"] == "reported":
        coordinator.report(event["trial"], report_of(event))
        if event.get("decision") == Decision.CONTINUE:  # whatever the scheduler would say today
            coordinator.trials[event["trial"]].reason = ""
    elif event["event"] == "retried":
        coordinator.retry(event["trial"])
    elif event["event"] == "matched":
        references = [Reference(**reference) for reference in event["references"]]
        coordinator.match(event["trial"], references)
    elif event["event"] == "ended":
        match State(event["state"]):
            case State.COMPLETED:
                coordinator.complete(event["trial"])
            case State.PRUNED:
                coordinator.trials[event["trial"]].reason = event["reason"]
                coordinator.complete(event["trial"])
            case State.FAILED:
                coordinator.fail(event["trial"], Failure(event["reason"], event["trace"]))
            case _:  # interrupted: it may go on
                pass


def _check(trial: Trial | None, event: Event) -> None:
    if event["event"] == "exhausted":
        return
    if trial is None or trial.id != event["trial"]:
        raise UserError(f"the record proposes {event['trial']}, where the study now has no trial")
    if to_json(trial.config) != to_json(event["config"]):
        raise UserError(
            f"{trial.id} has another config in the record than the study gives it now: its code "
            "has changed, start a new run"
        )
