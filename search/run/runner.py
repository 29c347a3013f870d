"""Run a plan from the first line to the last, or take a run up again: the file to read first."""

import contextlib
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from search.engine.objective import Objective
from search.engine.schedulers import SCHEDULERS
from search.execution.choose import choose_executor
from search.exit_status import FAILED, FINISHED, INTERRUPTED
from search.plan import Plan
from search.record.event import Event
from search.record.events import clear_unfinished, read_events
from search.record.lock import locked
from search.record.manifest import new_manifest
from search.record.run_folder import create_run_folder
from search.run.afterwards import BaselineFirst, next_stage
from search.run.conclusion import conclude
from search.run.desk import Desk, open_desk, verify_session
from search.run.first import check_points
from search.run.preparation import prepare, ranks_already
from search.run.run_file import write_run_file
from search.run.session import FindStudy, Session, open_session
from search.samplers.registry import OF_TWO, REGISTRY, takes_two_objectives
from search.storage.runs import (
    Claim,
    claimed,
    looked_at,
    named_places,
    new_folder,
    new_store,
    open_run,
    stored_at,
)
from search.study import GUEST, StudyRow
from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.door.opening import is_empty
from trainables.door.seal import check_seal
from trainables.runtime.errors import disk_problem
from trainables.runtime.files import write_atomically
from trainables.study.settings import StudySettings
from trainables.study.study import Study


def run(plan: Plan, row: StudyRow, console: Console) -> int:
    """Run a plan, print its ranking, and return the exit status.

    Args:
        plan: What is run.
        row: Of the study that the plan names.
        console: Where the user reads.

    Raises:
        UserError: If anything that the user asked for cannot be done.
    """
    REGISTRY.find(plan.sampler)
    lookup(SCHEDULERS, plan.scheduler, "scheduler")
    study = row.load()
    settings = study.parse_settings(plan.settings)
    for name in (plan.metric, plan.trade_off):
        if name is not None:
            _check_metric(name, study, settings)
    _check_trade_off(plan)
    check_points(study.space(settings), plan.first)
    choose_executor(plan, settings).check()
    path = new_folder(plan.storage, plan.run, default_folder(row, settings))
    with claimed(new_store(plan.storage, path), None) as claim:
        folder = create_run_folder(path)
        with locked(folder):
            manifest = new_manifest(folder, plan, settings)
            write_run_file(folder.path, plan, type(settings))
            if row.source:
                manifest.add(**{GUEST: dict(row.source)})
            session = open_session(folder, lambda _: row, console)
            return _work(_kept(session, claim), [], None)


def resume(
    run: str | Path,
    change: dict[str, Any],
    find: FindStudy,
    console: Console,
    named: Mapping[str, Any] | None = None,
    *,
    retry: bool = False,
) -> int:
    """Take a run up again where its record ends, and return the exit status.

    Args:
        run: Its folder, or its address in a store.
        change: Fields of the plan that are to be others than they were.
        find: Finds a study by its name.
        console: Where the user reads.
        named: Places that the user named besides, by field of the settings, or ``storage``.
        retry: Whether trials that failed are tried again.

    Raises:
        UserError: If the folder is none of a run, another process runs it, or the study has changed
            so that the record does not fit it.
    """
    folder = open_run(run)
    session = open_session(folder, find, console, change, named_places(run, folder, change, named))
    session.executor.check()
    _check_trade_off(session.plan)
    content = session.manifest.content
    with locked(folder), claimed(stored_at(content), content.stored) as claim:
        _say_changes(session)
        _check_record(session)
        events, before = clear_unfinished(folder), content.status
        session.manifest.go_on(session.plan)
        return _work(_kept(session, claim), events, before, retry=retry)


def replay(run: str | Path, find: FindStudy, console: Console) -> int:
    """Ask a run's sampler again whatever it was asked; return 0 where it proposes the same.

    Args:
        run: Its folder, or its address in a store.
        find: Finds a study by its name.
        console: Where the user reads.

    Raises:
        UserError: If the folder is none of a run.
    """
    with looked_at(run) as (folder, _):
        session, events = open_session(folder, find, console), read_events(folder)
    objective = session.manifest.content.objective
    if objective is None or not events:
        raise UserError(f"no trial was started in {folder.path}: there is nothing to replay")
    _say_changes(session)
    differences = verify_session(session, objective, events)
    for difference in differences:
        session.say(
            f"{difference.trial}: recorded {difference.recorded}, proposed now "
            f"{difference.proposed}"
        )
    proposed = sum(event["event"] == "proposed" for event in events)
    if not differences:
        session.say(f"all {proposed} proposals come out the same")
    return FAILED if differences else FINISHED


def default_folder(row: StudyRow, settings: StudySettings) -> Path:
    """Return ``runs/<study>-<dataset>-<time>`` below the current folder."""
    time_of_day = datetime.now()  # noqa: DTZ005 - the user's own clock
    names = [row.name, settings.data_name, f"{time_of_day:%Y%m%d-%H%M%S}"]
    return Path("runs", "-".join(name for name in names if name))


def _kept(session: Session, claim: Claim | None) -> Session:
    """Keep a run in its store, if it has one, and write down who does."""
    if claim:
        session.manifest.add(stored=claim.stored())
    return session.stored_by(claim)


def _say_changes(session: Session) -> None:
    guest = session.manifest.content.guest
    if changes := [*session.manifest.changes(), *session.row.changes(guest)]:
        session.say(f"changed since the run was started: {', '.join(changes)}")


def _work(session: Session, events: list[Event], before: str | None, *, retry: bool = False) -> int:
    """Prepare what is not prepared yet, and search.

    Args:
        session: Of the run.
        events: Its record.
        before: Status of a run that is taken up; None for one that this process began, in an empty
            folder.
        retry: Whether trials that failed are tried again.
    """
    with _failing(session, events, before):
        # Before anything is prepared: every node of a running cluster has to take part.
        session.executor.check_nodes(session.folder, session.keeping.depot)
        try:
            session, objective = _prepared(session)
        except KeyboardInterrupt:
            session.manifest.end("interrupted")
            again = f"python -m search resume {session.folder.path}"
            session.say_path(f"stopped before the first trial: {again}")
            return INTERRUPTED
        session.keeping.depot.ensure_folder(session.folder.assets)
        with session.keeping.mirror or nullcontext():
            return _search(session, open_desk(session, objective, events, retry=retry))


def _check_metric(name: str, study: Study[Any], settings: StudySettings) -> None:
    """Refuse a metric that no trial will report.

    Raises:
        UserError: If it is unknown, or of a radius and the run is yet to choose its radii.
    """
    lookup(study.metrics(settings), name, "metric")
    if getattr(settings, "eps_auto", False) and "_eps" in name:
        raise UserError(
            f"metric '{name}' is of one radius, and --eps auto chooses the radii once the run has "
            "begun: name them, such as --eps 0,4/255"
        )


def _check_trade_off(plan: Plan) -> None:
    if plan.trade_off is None:
        return
    if not takes_two_objectives(plan.sampler):
        names = " or ".join(OF_TWO)
        raise UserError(f"{plan.sampler} knows one objective: for --trade-off take {names}")
    if plan.race:
        raise UserError("--race needs one objective: leave out --trade-off")
    if plan.trade_off == plan.metric:
        raise ranks_already(plan.trade_off)


def _prepared(session: Session) -> tuple[Session, Objective]:
    content = session.manifest.content
    if content.objective is None:
        return prepare(session)
    assets = session.keeping.depot.bring_folder(session.folder.assets)
    check_seal(assets, content.assets)  # before anything is trained on them
    return session, content.objective


@contextmanager
def _failing(session: Session, events: list[Event], before: str | None) -> Iterator[None]:
    """Leave word in the folder of whatever ends a run before its end."""
    try:
        yield
    except UserError:
        _give_up(session, events, before)
        raise
    except Exception as error:
        if problem := disk_problem(error, session.folder.path):
            _give_up(session, events, before)
            raise UserError(problem) from error
        file = session.folder.traceback
        with contextlib.suppress(OSError, UserError):
            write_atomically(file, "".join(traceback.format_exception(error)))
            error.add_note(f"a defect of ours, not a mistake of yours; the traceback is in {file}")
        _give_up(session, events, before)
        raise


def _give_up(session: Session, events: list[Event], before: str | None) -> None:
    """Say in the manifest that the run failed; a new one that did not begin leaves nothing.

    Otherwise the corrected command would be refused its folder. A run that is taken up again is
    never removed: what else lies in its folder may be the user's own. It has the status that it
    had, if nothing was added to its record.
    """
    folder = session.folder
    with contextlib.suppress(OSError, UserError):  # the error that led here is the one to show
        if before is None:
            began = folder.events.exists() or folder.traceback.exists()
            if not began and folder.withdraw():
                return
        elif all(event["event"] == "resumed" for event in read_events(folder)[len(events) :]):
            session.manifest.add(status=before)
            return
        session.manifest.end("failed")


def _check_record(session: Session) -> None:
    """Refuse a run whose record is gone: its trials would be done again, over the first ones."""
    content, folder = session.manifest.content, session.folder
    began = content.winner is not None or not is_empty(folder.trials)
    if content.objective is not None and began and not folder.events.exists():
        raise UserError(
            f"{folder.path} has trials, but no {folder.events.name}: put it back from a copy, or "
            "start a new run"
        )


def _search(session: Session, desk: Desk) -> int:
    coordinator = desk.coordinator
    job, execute = session.job(), session.executor.execute
    if mirror := session.keeping.mirror:
        mirror.on_failure(coordinator.halt)
        coordinator.observers.append(mirror)
    coordinator.observers.append(BaselineFirst(session, desk))
    try:
        with desk.progress:
            execute(coordinator, job)
            while next_stage(session, desk):
                execute(coordinator, job)
    except KeyboardInterrupt:
        coordinator.interrupt()
    coordinator.close()
    try:
        desk.records.close()
        return conclude(session, coordinator)
    except UserError:
        if not coordinator.halted:
            raise
        again = f"python -m search resume {session.folder.path}"
        raise UserError(f"{coordinator.stopped}: solve that, then give: {again}") from None
