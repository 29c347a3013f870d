"""What is done once a run, before its first trial."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from search.engine.objective import Objective, Other
from search.execution.memory import settle_memory
from search.plan import Plan
from search.run.session import Session
from search.storage.shared_cache import shared_cache
from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.door.opening import is_empty, move_folder, remove_folder, sync_folder, sync_tree
from trainables.door.seal import seal
from trainables.runtime.files import cannot_write


def prepare(session: Session) -> tuple[Session, Objective]:
    """Size the trials, make the assets, and write down what was found and what ranks.

    Returns:
        The session with the settings that the run chose for itself, and the objective.

    Raises:
        UserError: If that cannot be done, a metric that was asked for is unknown, or what earlier
            runs used, from which this run starts, is in its test split.
    """
    study = session.study
    session, memory = _sized(session)
    with (
        shared_cache(getattr(session.settings, "cache", None), session.plan.storage),
        _whole(session) as assets,
    ):
        facts = study.prepare(session.settings, assets, session.say)
        if session.plan.earlier_items:
            study.check_apart(assets, session.plan.earlier_items)
    session = session.with_settings(facts.settled)
    metric = session.plan.metric or facts.default_metric
    directions = study.metrics(session.settings)
    for name in (metric, session.plan.trade_off):  # radii may be others now
        if name is not None:
            lookup(directions, name, "metric")
    along = tuple(rung.metric for rung in session.rungs)
    alike = all(directions[name] == directions[metric] for name in along)
    trade_off = session.plan.trade_off
    if trade_off == metric:
        raise ranks_already(metric)
    second = Other(trade_off, directions[trade_off]) if trade_off else None
    objective = Objective(metric, directions[metric], along if alike else (), second)
    lines = (*facts.lines, *memory, *_opened_before(session.plan))
    for line in lines:
        session.say(line)
    session.manifest.add(
        objective=asdict(objective),
        rungs=[asdict(rung) for rung in session.rungs],
        digests=facts.digests,
        facts=lines,
        details=facts.details,
        constant=facts.constant,
    )
    return session, objective


def _opened_before(plan: Plan) -> Iterator[str]:
    """Say that test was opened in runs that a run starts from, if it was."""
    if count := len(plan.earlier_openings):
        times = "once" if count == 1 else f"{count} times"
        yield (
            f"test was opened {times} in runs that this run starts from: its own openings count "
            "from there, whether or not the test images are the same"
        )


def ranks_already(metric: str) -> UserError:
    """Say that the second objective is the first."""
    return UserError(f"{metric} ranks already: name another metric with --trade-off")


@contextmanager
def _whole(session: Session) -> Iterator[Path]:
    """Make the assets in a folder of their own, which takes its name once they are whole.

    Their digests are written down before: so those of a process that died before it wrote down all
    else are known to be of this program, and are made anew.

    Raises:
        UserError: If there are other assets already.
    """
    folder = session.folder
    if not is_empty(folder.assets):
        if seal(folder.assets) != session.manifest.content.assets:
            raise UserError(
                f"{folder.assets} holds files, but the run was not prepared: move them away, then "
                "give the same command again"
            )
        remove_folder(folder.assets)
    remove_folder(folder.preparing)  # of a process that died here
    folder.preparing.mkdir()
    yield folder.preparing
    session.manifest.add(assets=seal(folder.preparing))
    try:
        sync_tree(folder.preparing)
        move_folder(folder.preparing, folder.assets)
        sync_folder(folder.path)
    except OSError as error:
        raise cannot_write(folder.assets, error) from error


def _sized(session: Session) -> tuple[Session, list[str]]:
    """Settle what memory a trial may take, and see that the references that matter fit.

    Raises:
        UserError: If one does not: without it the trials cannot be judged.
    """
    device = session.trial_settings.device
    settled, line = settle_memory(session.executor, session.settings, device)
    session = session.with_settings(settled)
    lines = [line] if line else []
    if device != session.settings.device:
        lines.append(f"trials compute on {device}: each on its share of the GPU that Ray gives it")
    for reference, excess in session.too_large():
        if reference.essential:
            raise UserError(
                f"the reference '{reference.label}' is predicted to need {1 + excess:.2g} times "
                f"the {session.settings.max_memory:.3g} GiB that a trial may take: run fewer at "
                "the same time (--concurrency), take smaller images, networks or batches, or "
                "say --max-memory none"
            )
        lines.append(f"left out, as it needs more memory than a trial has: {reference.label}")
    return session, lines
