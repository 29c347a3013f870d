"""What a person sees while a search runs: a live table in a terminal, plain lines elsewhere.

Where nothing was said for a minute, a line says how far the running trials are.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.record.manifest import Beside, ConstantAnswer
from search.results.differences import seed_spread
from search.results.pulse import Pulse
from search.results.ranking import rank, winner
from search.results.tables import ALONE, agreement_line, duration, number, ranked_table, remainder
from trainables.door.text import printable

LEADERS = 10
SILENCE_S = 60.0  # after which a line says how far the running trials are
NAMED = 4  # of these


def _unknown(trial_id: str) -> Pulse | None:
    """Know nothing of a trial between its reports."""
    del trial_id
    return None


@final
class Progress:
    """Follows the trials of a run.

    Attributes:
        pulse_of: Returns how far a running trial is, by its id; None where that is not known.
    """

    def __init__(
        self,
        console: Console,
        objective: Objective,
        total: int,
        budget: int,
        workers: int,
        clock: Callable[[], float],
        constant: ConstantAnswer | None = None,
        beside: Beside = ALONE,
    ) -> None:
        self._console = console
        self._objective = objective
        self._total = total
        self._budget = budget
        self._workers = workers
        self._clock = clock
        self._constant = constant
        self.pulse_of: Callable[[str], Pulse | None] = _unknown
        self._beside = beside
        self._said_at = time.monotonic()
        self._ended = threading.Event()
        self._trials: dict[str, Trial] = {}
        self._done: set[str] = set()  # kept, as counting all at each end takes long with thousands
        self._live: Live | None = None

    def adopt(self, trials: Mapping[str, Trial]) -> None:
        """Take over the trials of a run that goes on."""
        self._trials |= trials
        self._done |= {name for name, trial in trials.items() if trial.state is not State.RUNNING}
        self._total += sum(trial.is_further for trial in trials.values())

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(
                console=self._console,
                get_renderable=self.render,
                refresh_per_second=2,
                transient=True,
            )
            self._live.start()
        else:
            self._ended.clear()
            threading.Thread(target=self._break_silence, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self._live is not None:
            self._live.stop()

    def notice(self, event: str, trial: Trial | None, **details: Any) -> None:  # noqa: ANN401
        """Follow an event; say a line where it matters to a person.

        Args:
            event: Its name, see `search.engine.coordinator.Observer`.
            trial: That it is about, if any.
            **details: What else belongs to it.
        """
        if trial is not None:
            self._trials[trial.id] = trial
            self._total += event == "proposed" and trial.is_further
            if trial.state is not State.RUNNING:
                self._done.add(trial.id)
        if event == "exhausted":
            refused = details["refused"]
            beyond = f"{refused} proposals in a row were beyond the limits: widen them"
            exhausted = "the space is exhausted: all that is proposed was tried before"
            self.say(beyond if refused else exhausted)
        elif event in {"restarted", "noted"} and trial is not None:
            self.say(f"{trial.name}: {details.get('reason') or details['note']}")
        elif event == "agreement":
            self.say(agreement_line(details["agreement"], details["share"]))
        elif event == "ended" and trial is not None:
            if self._live is None:
                self.say(self._ended_line(trial))
            elif trial.state is State.FAILED:
                self.say(f"{trial.name}: {trial.reason}")

    def running_line(self) -> str:
        """Say how far the running trials are, as far as that is known; empty where it is not."""
        running = [trial for trial in list(self._trials.values()) if trial.state is State.RUNNING]
        pulses = [(trial, self.pulse_of(trial.id)) for trial in running]
        parts = [
            f"{trial.name} {pulse.epoch}/{self._budget} epochs, "
            + remainder(pulse, f"to {pulse.rung}")
            for trial, pulse in pulses
            if pulse is not None
        ]
        further = f" and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
        return f"running: {'; '.join(parts[:NAMED])}{further}" if parts else ""

    def _break_silence(self) -> None:
        """Say how far the running trials are, whenever nothing was said for a while."""
        while not self._ended.wait(max(0.1, self._said_at + SILENCE_S - time.monotonic())):
            if time.monotonic() - self._said_at >= SILENCE_S:
                if line := self.running_line():
                    self.say(line)
                self._said_at = time.monotonic()

    def render(self) -> RenderableType:
        """Draw the live table: counts, the best so far, the leaders."""
        rows = rank(list(self._trials.values()), self._objective)
        table = ranked_table(
            rows[:LEADERS],
            self._objective,
            self._budget,
            spread=seed_spread(rows, self._objective),
            constant=self._constant,
            beside=self._beside,
        )
        lines = [line for line in (self.status(), self.running_line()) if line]
        return Group(*(Text(line, no_wrap=True, overflow="crop") for line in lines), table)

    def status(self) -> str:
        """Say how far the run is, in at most 80 characters."""
        counts = Counter(trial.state for trial in self._trials.values())
        parts = [f"{len(self._done)}/{self._total} done"]
        parts += [
            f"{counts[state]} {state}"
            for state in (State.RUNNING, State.PRUNED, State.FAILED)
            if counts[state]
        ]
        best = winner(rank(list(self._trials.values()), self._objective))
        if best is not None:
            parts.append(f"best {number(best.value)}")
        remaining = self.remaining_s()
        parts.append(f"{duration(self._clock())}")
        if remaining is not None:
            parts[-1] += f", ~{duration(remaining)} left"
        return " | ".join(parts)

    def remaining_s(self) -> float | None:
        """Estimate the seconds left by the mean time of ended trials; None before the first."""
        times = [
            trial.ended_s - trial.started_s
            for trial in self._trials.values()
            if trial.ended_s is not None
        ]
        if not times:
            return None
        return sum(times) / len(times) * (self._total - len(times)) / self._workers

    def _ended_line(self, trial: Trial) -> str:
        value = self._objective.value(trial.reports[-1]) if trial.reports else float("nan")
        took = duration((trial.ended_s or 0.0) - trial.started_s)
        line = f"[{len(self._done)}/{self._total}] {trial.name}: {trial.state}, {number(value)}"
        line += f" at {trial.epoch}/{self._budget} epochs, {took}"
        return f"{line} ({trial.reason})" if trial.reason else line

    def say(self, line: str) -> None:
        """Print a line above what is live, nothing in it read as markup."""
        self._said_at = time.monotonic()
        self._console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
