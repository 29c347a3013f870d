"""How far a run is, read from its folder: it may go on meanwhile, in another process."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.record.event import Event
from search.record.events import follow, read_events
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.results.differences import seed_spread
from search.results.pulse import read_pulse
from search.results.ranking import rank, winner
from search.results.tables import duration, number, ranked_table, remainder
from search.storage.runs import looked_at
from search.storage.store import is_remote
from searchspace.errors import UserError
from trainables.door.text import printable

LEADERS = 15


def show(run: str | Path, console: Console) -> int:
    """Print the state of a run and its leaders; return the exit status, always 0.

    Raises:
        UserError: If the folder is none of a run, or a file is damaged.
    """
    with looked_at(run) as (folder, running):
        manifest, events = read_manifest(folder), read_events(folder)
    try:
        trials = list(follow(events)[0].values())
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder.path} is not a run of this version: {error!r}") from None
    objective = manifest.objective
    state = running or manifest.status
    if state == "running" and not running:
        where = "" if is_remote(str(run)) else " of this machine"
        state = f"died: no process{where} works on it"
    _say(console, f"{folder.path.name}: {state}")
    command = "the command of its table" if manifest.cell else f"python -m search resume {run}"
    if not events or objective is None:
        _say(console, "no trial has started yet")
        _say_how_to_go_on(console, command, state, running)
        return 0
    further = sum(trial.is_reference or trial.is_further for trial in trials)
    total = 0 if manifest.cell else manifest.plan.trials + further
    _say(console, _counts(trials, total, objective))
    for line in _running(trials, folder):
        _say(console, line)
    _say(console, f"{duration(float(events[-1]['elapsed_s']))} of work{_age(events[-1])}")
    budget = manifest.rungs[-1].epochs
    rows, constant = rank(trials, objective), manifest.constant_answer(objective.metric)
    table = ranked_table(
        rows[:LEADERS],
        objective,
        budget,
        spread=seed_spread(rows, objective),
        constant=constant,
        beside=manifest.beside,
    )
    console.print(table)
    _say_how_to_go_on(console, command, state, running)
    return 0


def _say_how_to_go_on(console: Console, command: str, state: str, running: str) -> None:
    if not running and state != "finished":
        _say(console, f"go on with: {command}")


def _age(event: Event) -> str:
    """Say how long ago an event was; nothing where it does not say its time."""
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(event["time"])
    except (KeyError, ValueError, TypeError):
        return ""
    return f", last event {duration(max(0.0, age.total_seconds()))} ago"


def _counts(trials: list[Trial], total: int, objective: Objective) -> str:
    counts = Counter(trial.state for trial in trials)
    ended = len(trials) - counts[State.RUNNING]
    parts = [f"{ended}/{total} done" if total else f"{ended} done"]
    parts += [f"{counts[state]} {state}" for state in State if counts[state]]
    best = winner(rank(trials, objective))
    return " | ".join(parts + ([f"best {number(best.value)}"] if best else []))


def _running(trials: list[Trial], folder: RunFolder) -> Iterator[str]:
    """Say how far each running trial is, where its worker says so."""
    for trial in trials:
        if trial.state is State.RUNNING and (pulse := read_pulse(folder.trial(trial.id))):
            rest = remainder(pulse, f"to its report at {pulse.rung}")
            yield f"{trial.name}: epoch {pulse.epoch}, {rest}"


def _say(console: Console, line: str) -> None:
    console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
