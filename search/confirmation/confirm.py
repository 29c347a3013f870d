"""Confirm a run, from the first line to the last: the file to read first.

1. Train the best and the references anew, on seeds that the search never used.
2. Examine all of them on the ranking split by an ensemble of attacks; name the winner.
3. Only then open the test split, and examine the winner and the references on it, once.

What was done is not done again: the same command goes on where it was stopped.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt
from rich.console import Console

from search.confirmation.card import write_card
from search.confirmation.finalists import Finalist, choose_finalists
from search.confirmation.retraining import SHIFT, retrain, training_session
from search.confirmation.tables import say_ranking, say_test
from search.confirmation.verdict import (
    Examined,
    Standing,
    comparisons,
    conditions_table,
    exported_of,
    selection,
    standing_fields,
    standings,
    values_on,
    winner_of,
    wins,
)
from search.engine.objective import Objective
from search.engine.trial import Failure, Trial
from search.execution.tasks import Task
from search.exit_status import FAILED, FINISHED, INTERRUPTED
from search.record.events import follow, read_events
from search.record.lock import is_running, locked
from search.record.run_folder import OPENINGS, RunFolder
from search.record.writer import now
from search.results.ranking import rank
from search.results.tables import duration
from search.run.session import FindStudy, Session, open_session
from search.storage.confirmation import keep_confirmation
from search.storage.runs import CONFIRM, claimed, open_run, stored_at
from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.attacks.presets import ENSEMBLES
from trainables.runtime.config import Frozen
from trainables.runtime.files import cannot_write, to_json, write_atomically
from trainables.saved.export import export
from trainables.study.examination import Exam, read_examination

CONFIRMED = "confirm.json"


class ConfirmPlan(Frozen):
    """How a run is confirmed.

    Attributes:
        top: How many of the best take part.
        seeds: Trainings of each finalist.
        attacks: Name of the ensemble.
        references: ``few`` takes those that the study calls essential.
        images: At most so many images of each split; None for all.
    """

    top: PositiveInt = 3
    seeds: PositiveInt = 3
    attacks: str = "standard"
    references: Literal["all", "few"] = "few"
    images: int | None = Field(default=None, ge=2)


@dataclass(frozen=True)
class Confirmation:
    """A confirmation while a process works on it.

    Attributes:
        plan: What the user asked for.
        session: Of the run that is confirmed.
        objective: Of that run.
        finalists: Who takes part.
        folder: Where all is written.
    """

    plan: ConfirmPlan
    session: Session
    objective: Objective
    finalists: tuple[Finalist, ...]
    folder: Path


def confirm(
    run: str | Path,
    plan: ConfirmPlan,
    out: Path | None,
    machine: dict[str, Any],
    find: FindStudy,
    console: Console,
) -> int:
    """Confirm a run, and return the exit status.

    Args:
        run: Its folder, or its address in a store.
        plan: How.
        out: Folder for all that is written; None for ``confirm`` in the run's.
        machine: Fields of the run's plan that are to be others than they were.
        find: Finds a study by its name.
        console: Where the user reads.

    Raises:
        UserError: If the ensemble is unknown, the folder is none of a run, no trial can win, or
            the folder for the confirmation holds another one.
    """
    lookup(ENSEMBLES, plan.attacks, "ensemble of attacks")
    session, objective = _open(run, machine, find, console)
    finalists = _finalists(session, objective, plan)
    session.executor.check()
    folder = _place(session, out)
    manifest = session.manifest.content
    with claimed(stored_at(manifest), manifest.stored) as claim:
        session = session.kept(claim)
        _begin(folder, session, plan, finalists)
        with locked(RunFolder(folder)):
            try:
                return _work(Confirmation(plan, session, objective, finalists, folder))
            except KeyboardInterrupt:
                session.say_path(f"stopped: python -m search confirm {session.folder.path}")
                return INTERRUPTED
            finally:
                if claim:
                    keep_confirmation(folder, session.folder, claim)


def _work(job: Confirmation) -> int:
    session, started = job.session, time.perf_counter()
    place = training_session(session, job.folder / "training")
    session.say(
        f"training {len(job.finalists)} finalists on {job.plan.seeds} seeds that the search did "
        "not use"
    )
    trained = retrain(place, job.finalists, job.plan.seeds, job.objective)
    able = [one for one in job.finalists if trained[one.id]]
    if not able:
        raise UserError(f"none of the finalists could be trained: see {place.folder.events}")
    ranking = _examine(job, trained, able, "ranking")
    rows = standings(able, ranking, trained, session.plan.seed)
    first = winner_of(rows)
    say_ranking(session.console, rows, ranking, job.plan)
    if first is None:
        session.say("no winner: none of the finalists met its constraints on other seeds")
        return FAILED
    chosen = selection(rows, ranking, session.plan.seed)
    tested = _tested(rows, first, chosen.winner)
    _open_test(job, first)
    test = _examine(job, trained, [row.finalist for row in tested], "test")
    found = _conclude(job, rows, first, ranking, test)
    found["selection"] = asdict(chosen)
    found["seconds"] = time.perf_counter() - started
    training = trained[first.finalist.id][exported_of(first)]
    seed = session.settings.seed + SHIFT + training.seed
    found["exported"] = {"training": training.id, "seed": seed}
    model = place.folder.saved(training.id)
    found["exports"] = export(model, job.folder / "best")
    _write(job.folder, **found, ended=now())
    say_test(session.console, session.say, _read(job.folder))
    write_card(job.folder / "best", _read(job.folder), session.manifest.content.as_json())
    session.say_path(f"everything: {job.folder}")
    return FINISHED


def _open(
    run: str | Path, machine: dict[str, Any], find: FindStudy, console: Console
) -> tuple[Session, Objective]:
    folder = open_run(run)
    session = open_session(folder, find, console, machine)
    objective = session.manifest.content.objective
    if is_running(folder):
        raise UserError(f"{run} is still running: wait for its end, or stop it with Ctrl-C")
    if objective is None:
        raise UserError(f"no trial was started in {folder.path}: there is nothing to confirm")
    return session, objective


def _place(session: Session, out: Path | None) -> Path:
    run = session.folder.path
    folder = (out or run / CONFIRM).expanduser().resolve()
    if stored_at(session.manifest.content) and folder != run / CONFIRM:
        raise UserError(f"a stored run is confirmed in its own folder: leave out --out {out}")
    return folder


def _finalists(session: Session, objective: Objective, plan: ConfirmPlan) -> tuple[Finalist, ...]:
    trials, _ = follow(read_events(session.folder))
    references = session.module.references(session.settings)
    labels = {one.label for one in references if one.essential or plan.references == "all"}
    found = choose_finalists(rank(trials.values(), objective), plan.top, labels)
    if not found:
        raise UserError(
            f"no trial of {session.folder.path} can win: there is nothing to confirm, search on "
            "with python -m search resume"
        )
    return found


def _begin(
    folder: Path, session: Session, plan: ConfirmPlan, finalists: Sequence[Finalist]
) -> None:
    """Write what is to be done; refuse a folder in which something else was begun."""
    store = stored_at(session.manifest.content)
    wanted = json.loads(
        to_json(
            {
                "run": str(store or session.folder.path),
                "plan": plan.model_dump(mode="json"),
                "finalists": [asdict(one) for one in finalists],
            }
        )
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    if (folder / CONFIRMED).is_file():
        known = _read(folder)
        if changed := [name for name, value in wanted.items() if known.get(name) != value]:
            raise UserError(
                f"{folder} holds a confirmation with other {' and '.join(changed)}: name a new "
                "folder with --out"
            )
    elif any(folder.iterdir()):
        raise UserError(f"the folder {folder} is not empty: name a new one with --out")
    else:
        write_atomically(folder / CONFIRMED, to_json(wanted | {"started": now()}, indent=2) + "\n")


def _tested(rows: Sequence[Standing], first: Standing, searched: str) -> list[Standing]:
    """Return who meets the test images: the winner, the search's, and the references."""
    return [
        row for row in rows if row is first or row.finalist.reference or row.finalist.id == searched
    ]


def _open_test(job: Confirmation, first: Standing) -> None:
    """Open the test split; the winner is written down before."""
    _write(job.folder, winner=first.finalist.id)
    file = job.session.folder.path / OPENINGS
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    if all(one["folder"] != str(job.folder) for one in known):
        known.append({"folder": str(job.folder), "time": now(), "winner": first.finalist.name})
        write_atomically(file, to_json(known, indent=2) + "\n")
        job.session.keeping.depot.send_file(file)
    if len(known) > 1:
        job.session.say(
            f"the test split of this run was opened {len(known)} times: what is chosen after the "
            "first is not chosen blindly"
        )
    job.session.module.open_test(
        job.session.settings, job.session.folder.assets, job.folder / "test", job.session.say
    )
    job.session.keeping.depot.ensure_folder(job.folder / "test")


def _examine(
    job: Confirmation,
    trained: dict[str, list[Trial]],
    finalists: Sequence[Finalist],
    split: Literal["ranking", "test"],
) -> Examined:
    """Examine every training of some finalists, as far as that was not done before."""
    session, trials = job.session, RunFolder(job.folder / "training")
    data = session.folder.assets if split == "ranking" else job.folder / "test"
    files, tasks = {}, []
    for one in finalists:
        for number, training in enumerate(trained[one.id]):
            file = job.folder / "examined" / split / f"{training.id}.npz"
            files[training.id] = file
            if session.keeping.depot.bring_file(file).is_file():
                continue
            others = {
                rival.name: trials.trial(trained[rival.id][number].id)
                for rival in finalists
                if rival is not one and number < len(trained[rival.id])
            }
            exam = Exam(
                job.plan.attacks,
                split,
                split == "test",
                job.plan.images,
                session.settings.seed + SHIFT,
                others,
            )
            threads, module = session.plan.cpus_per_trial, session.study.module
            model = trials.trial(training.id)
            tasks.append(
                Task(
                    module,
                    session.trial_settings,
                    model,
                    data,
                    exam,
                    file,
                    threads,
                    session.depot,
                )
            )
    _run(job, tasks, split)
    for task in tasks:
        session.keeping.depot.bring_file(task.file)
    return {
        one.id: [read_examination(files[training.id]) for training in trained[one.id]]
        for one in finalists
    }


def _run(job: Confirmation, tasks: Sequence[Task], split: str) -> None:
    session, failures, done = job.session, list[str](), 0
    if not tasks:
        return
    session.say(f"attacking {len(tasks)} models on {split}: {job.plan.attacks} ensemble")
    started = time.perf_counter()

    def heard(task: Task, failure: Failure | None) -> None:
        nonlocal done
        done += 1
        told = "examined" if failure is None else f"failed: {failure.reason}"
        spent = duration(time.perf_counter() - started)
        session.say(f"[{done}/{len(tasks)}] {task.model.name}: {told}, {spent}")
        if failure is not None:
            failures.append(f"{task.model.name}: {failure.reason}")

    session.executor.map(tasks, heard)
    if failures:
        raise UserError(f"{failures[0]}; the rest is kept: give the same command again")


def _conclude(
    job: Confirmation, rows: Sequence[Standing], first: Standing, ranking: Examined, test: Examined
) -> dict[str, Any]:
    """Return what was found, as JSON values."""
    seed, listed = job.session.plan.seed, next(iter(ranking.values()))[0]
    references = [row.finalist for row in rows if row.finalist.reference and row is not first]
    on_test = values_on(test, seed)
    return {
        "score": listed.score,
        "direction": listed.direction,
        "eps": listed.eps,
        "images": {"ranking": len(listed.labels), "test": len(test[first.finalist.id][0].labels)},
        "standings": [standing_fields(row) for row in rows],
        "test": {name: found._asdict() for name, found in on_test.items()},
        "conditions": conditions_table(test),
        "comparisons": comparisons(first.finalist, references, test, seed),
        "wins": {"ranking": wins(ranking), "test": wins(test)},
    }


def _read(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / CONFIRMED).read_text(encoding="utf-8")))


def _write(folder: Path, **fields: object) -> None:
    write_atomically(folder / CONFIRMED, to_json(_read(folder) | fields, indent=2) + "\n")
