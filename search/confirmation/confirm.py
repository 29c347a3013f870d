"""Confirm a run, from the first line to the last: the file to read first.

1. Train the best, of each arm too, and the references anew, on seeds that the search never used.
2. Examine all of them on the ranking split by an ensemble of attacks; name the winner.
3. Train the winner on further seeds: those that named it were lucky, maybe. Train the controls that
   are matched to it: other methods with its values of training.
4. Only then open the test split, and examine the winner, the references, the controls and the best
   of each arm on it, once.

What was done is not done again: the same command goes on where it was stopped.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from search.confirmation.card import Card
from search.confirmation.examining import Confirmation, examine
from search.confirmation.finalists import Finalist, choose_finalists
from search.confirmation.plan import ConfirmPlan
from search.confirmation.record import (
    ConfirmationResult,
    add_winner,
    begin_confirmation,
    end_confirmation,
    read_confirmation,
)
from search.confirmation.retraining import retrain, train_controls, training_session
from search.confirmation.statistics import Examinations
from search.confirmation.tables import say_ranking, say_test
from search.confirmation.verdict import (
    Standing,
    choose_for_test,
    comparisons,
    constant_on,
    exported_of,
    guessed_share,
    missed_counts,
    scores_on,
    scores_without_near,
    searched_of,
    selection,
    standing_fields,
    standings,
    winner_of,
    wins,
)
from search.confirmation.words import other_metric
from search.engine.objective import Objective
from search.engine.trial import Trial
from search.exit_status import FAILED, FINISHED, INTERRUPTED
from search.plan import SHIFT
from search.record.events import follow, read_events
from search.record.lock import is_running, locked
from search.record.run_folder import RunFolder
from search.results.ranking import rank
from search.run.session import FindStudy, Session, open_session
from search.storage.confirmation import keep_confirmation
from search.storage.openings import Opening, count_opening, say_openings
from search.storage.runs import CONFIRM, claimed, named_places, open_run, stored_at
from searchspace.errors import UserError
from searchspace.names import lookup
from searchspace.words import plural
from trainables.attacks.presets import ENSEMBLES, guesses_enough
from trainables.door.opening import is_empty
from trainables.door.paths import inside
from trainables.metrics.welch import FEW
from trainables.runtime.files import cannot_write, to_json
from trainables.saved.export import export


def confirm(
    run: str | Path,
    plan: ConfirmPlan,
    out: Path | None,
    machine: dict[str, Any],
    find: FindStudy,
    console: Console,
    named: Mapping[str, Any] | None = None,
) -> int:
    """Confirm a run, and return the exit status.

    Args:
        run: Its folder, or its address in a store.
        plan: How.
        out: Folder for all that is written; None for ``confirm`` in the run's.
        machine: Fields of the run's plan that are to be others than they were.
        find: Finds a study by its name.
        console: Where the user reads.
        named: Places that the user named besides, by field of the settings, or ``storage``.

    Raises:
        UserError: If the ensemble is unknown, the folder is none of a run, no trial can win, or
            the folder for the confirmation holds another one.
    """
    lookup(ENSEMBLES, plan.attacks, "ensemble of attacks")
    session, objective = _open(run, machine, find, console, named)
    finalists = _finalists(session, objective, plan)
    session.executor.check()
    folder = _folder_of(session, out)
    manifest = session.manifest.content
    with claimed(stored_at(manifest), manifest.stored) as claim:
        session = session.stored_by(claim)
        assets, test = session.folder.assets, folder / "test"
        try:
            session.study.check_test(session.settings, assets, test, session.say)
            _begin(folder, session, plan, finalists)
            with locked(RunFolder(folder)):
                return _work(Confirmation(plan, session, objective, finalists, folder))
        except KeyboardInterrupt:
            session.say_path(f"stopped: python -m search confirm {session.folder.path}")
            return INTERRUPTED
        finally:
            if claim and folder.is_dir():
                keep_confirmation(folder, session.folder, claim)


def _work(job: Confirmation) -> int:
    session, metric, started = job.session, job.metric, time.perf_counter()
    configs = [finalist.config for finalist in job.finalists]
    training = training_session(session, inside(job.folder, "training"), configs)
    rows, ranking = _choose(job, training)
    first = winner_of(rows)
    say_ranking(session.console, rows, ranking, job.plan, metric, session.about)
    if first is None:
        session.say("no winner: none of the best met its constraints on other seeds")
        return FAILED
    searched = searched_of(job.finalists)
    select = selection(rows, searched, ranking, metric, session.plan.seed, job.objective)
    trained, due = _train_for_test(job, training, first, choose_for_test(rows, first, searched.id))
    tested = [finalist for finalist in due if trained[finalist.id]]
    trainings = trained[first.finalist.id]
    fresh = examine(job, trained, [first.finalist], "ranking")
    openings = _open_test(job, first)
    test = examine(job, trained, tested, "test")
    exported = trainings[exported_of(fresh[first.finalist.id], metric)]
    best = inside(job.folder, "best")
    values = _verdict(rows, first.finalist, tested, (ranking, test), metric, openings) | {
        "trainings": {finalist.id: len(trained[finalist.id]) for finalist in due},
        "matched": [asdict(finalist) for finalist in due if finalist.matched],
        "selection": asdict(select),
        "earlier_openings": len(session.plan.earlier_openings),
        "missed": missed_counts(trainings),
        "seconds": time.perf_counter() - started,
        "exported": {
            "training": exported.id,
            "seed": session.settings.seed + SHIFT + exported.seed,
        },
        "exports": export(training.folder.saved(exported.id), best),
    }
    record = end_confirmation(job.folder, values)
    say_test(session.console, session.say, record, session.about)
    _write_card(job, record, best)
    session.say_path(f"everything: {job.folder}")
    return FINISHED


def _write_card(job: Confirmation, record: ConfirmationResult, folder: Path) -> None:
    """Write the robustness card, if the black box tried enough to say that nothing is masked."""
    session, attacks = job.session, job.plan.attacks
    if guesses_enough(attacks):
        Card(record, session.manifest.content, session.about).write(folder)
    else:
        session.say(f"no robustness card: {attacks} guesses too little to rule out a mask")


def _choose(job: Confirmation, training: Session) -> tuple[list[Standing], Examinations]:
    """Train finalists on other seeds, and rank them under the ensemble.

    References that are not among the best cannot win: their trainings choose nothing, and are those
    that meet the test split.
    """
    plan = job.plan
    if job.metric != job.objective.metric:
        job.session.say(other_metric(job.objective.metric, job.metric))
    job.session.say(
        f"training {len(job.finalists)} finalists on seeds that the search did not use: the best "
        f"on {plan.choosing} to name the winner, the references on {plan.seeds}"
    )
    if plan.seeds < FEW:
        job.session.say(f"--seeds {plan.seeds} tells next to nothing apart: {FEW} or more do")
    seeds = {
        finalist.id: range(plan.choosing if finalist.candidate else plan.seeds)
        for finalist in job.finalists
    }
    trained = retrain(training, job.finalists, seeds, job.objective)
    able = [finalist for finalist in job.finalists if trained[finalist.id]]
    if not able:
        raise UserError(f"none of the finalists could be trained: see {training.folder.events}")
    ranking = examine(job, trained, able, "ranking")
    return standings(able, ranking, trained, job.metric, job.objective), ranking


def _train_for_test(
    job: Confirmation, training: Session, first: Standing, finalists: Sequence[Finalist]
) -> tuple[dict[str, list[Trial]], list[Finalist]]:
    """Train what meets the test split on seeds that chose nothing.

    The controls that are matched to the winner are among it: they can be known only now.

    Args:
        job: The confirmation.
        training: The session of the trainings.
        first: The winner.
        finalists: What else meets the test split, the winner included.

    Returns:
        The trainings, and the finalists that they are of, controls and what failed included.
    """
    plan = job.plan
    job.session.say(
        f"training what meets the test split on {plural(plan.seeds, 'seed')} that chose nothing"
    )
    controls = train_controls(training, job.finalists, first.finalist, job.objective)
    tested = {finalist.id: finalist for finalist in (*finalists, *controls)}
    fresh = range(plan.choosing, plan.choosing + plan.seeds)
    seeds = {
        name: fresh if finalist.candidate else range(plan.seeds)
        for name, finalist in tested.items()
    }
    trained = retrain(training, job.finalists, seeds, job.objective)
    if not trained[first.finalist.id]:
        raise UserError(f"{first.finalist.name} could not be trained: see {training.folder.events}")
    return trained, list(tested.values())


def _open(
    run: str | Path,
    machine: dict[str, Any],
    find: FindStudy,
    console: Console,
    named: Mapping[str, Any] | None,
) -> tuple[Session, Objective]:
    folder = open_run(run)
    locations = named_places(run, folder, machine, named)
    session = open_session(folder, find, console, machine, locations)
    objective = session.manifest.content.objective
    if is_running(folder):
        raise UserError(f"{run} is still running: wait for its end, or stop it with Ctrl-C")
    if objective is None:
        raise UserError(f"no trial was started in {folder.path}: there is nothing to confirm")
    return session, objective


def _folder_of(session: Session, out: Path | None) -> Path:
    run = session.folder.path
    folder = inside(run, CONFIRM) if out is None else out.expanduser().resolve()
    if stored_at(session.manifest.content) and folder != run / CONFIRM:
        raise UserError(f"a stored run is confirmed in its own folder: leave out --out {out}")
    return folder


def _finalists(session: Session, objective: Objective, plan: ConfirmPlan) -> tuple[Finalist, ...]:
    trials, _ = follow(read_events(session.folder))
    references = session.study.references(session.settings)
    labels = {
        reference.label
        for reference in references
        if reference.essential or plan.references == "all"
    }
    arms = session.study.space(session.settings).arms
    finalists = choose_finalists(rank(trials.values(), objective), plan.top, labels, arms)
    if not finalists:
        raise UserError(
            f"no trial of {session.folder.path} can win: there is nothing to confirm, search on "
            "with python -m search resume"
        )
    return finalists


def _begin(
    folder: Path, session: Session, plan: ConfirmPlan, finalists: Sequence[Finalist]
) -> None:
    """Write what is to be done; refuse a folder in which something else was begun."""
    store = stored_at(session.manifest.content)
    values = {
        "run": str(store or session.folder.path),
        "plan": plan.model_dump(mode="json"),
        "finalists": [asdict(finalist) for finalist in finalists],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    record = read_confirmation(folder)
    if record is None:
        if not is_empty(folder):
            raise UserError(f"the folder {folder} is not empty: name a new one with --out")
        begin_confirmation(folder, values)
        return
    before, after = record.as_json(), json.loads(to_json(values))
    if folder.parent == session.folder.path:  # of this run, which may have been moved since
        del after["run"]
    if changes := [name for name, value in after.items() if before.get(name) != value]:
        raise UserError(
            f"{folder} holds a confirmation with another {' and another '.join(changes)}: name a "
            "new folder with --out"
        )


def _open_test(job: Confirmation, first: Standing) -> int:
    """Open the test split, and return how often it was; the winner is written down before.

    The opening is told by the start of the confirmation: one begun anew, after the folder was
    removed, opens test again.
    """
    add_winner(job.folder, first.finalist.id)
    session, record = job.session, read_confirmation(job.folder)
    if record is None:
        raise UserError(f"{job.folder} was removed: give the same command again")
    identity = f"confirm {record.started}"
    opening = Opening(identity=identity, folder=job.folder, winner=first.finalist.name)
    count = count_opening(session.folder.path, opening, session.keeping.depot)
    earlier = len(session.plan.earlier_openings)
    say_openings("this run", count, session.say, earlier)
    session.study.open_test(
        session.settings, session.folder.assets, inside(job.folder, "test"), session.say
    )
    session.keeping.depot.ensure_folder(inside(job.folder, "test"))
    return count


def _verdict(
    rows: Sequence[Standing],
    winner: Finalist,
    tested: Sequence[Finalist],
    examined: tuple[Examinations, Examinations],
    metric: str,
    openings: int,
) -> dict[str, Any]:
    """Return what was measured, as JSON values.

    Args:
        rows: Finalists on ranking, best first.
        winner: The winner among them.
        tested: Who met the test split.
        examined: Examinations on the ranking split, and on test.
        metric: What finalists are compared by.
        openings: How often test has been opened.
    """
    ranking, test = examined
    listed = next(iter(ranking.values()))[0]
    return {
        "score": listed.score,
        "direction": listed.direction,
        "eps": listed.eps,
        **constant_on(test, metric),
        "images": {"ranking": len(listed.labels), "test": len(test[winner.id][0].labels)},
        "standings": [standing_fields(row) for row in rows],
        **scores_on(test, metric),
        "without_near": scores_without_near(test, metric),
        "comparisons": comparisons(winner, tested, test, metric, openings),
        "openings": openings,
        "wins": {"ranking": wins(ranking), "test": wins(test)},
        "guessed": guessed_share(test[winner.id]),
    }
