"""Configs that are tried before the sampler's: the user's own, and the best of earlier runs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from search.record.events import follow, read_events
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.results.ranking import rank
from search.storage.openings import openings_of
from searchspace.errors import UserError
from searchspace.space import Space
from trainables.door.opening import read_bytes
from trainables.door.records import RECORD_BYTES
from trainables.runtime.errors import first_line
from trainables.study.study import Study

BEST = 5  # of each earlier run


def read_points(file: Path) -> list[dict[str, Any]]:
    """Read a JSON list of objects, each a point of the space.

    Raises:
        UserError: If it is none.
    """
    try:
        points = json.loads(read_bytes(file, RECORD_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read {file}: {first_line(error)}") from None
    if not isinstance(points, list) or not all(isinstance(point, dict) for point in points):
        raise UserError(f'{file} holds no list of objects: write [{{"name": value, ...}}, ...]')
    return points


def best_points(run: Path, study: str) -> list[dict[str, Any]]:
    """Return the points of the best trials of an earlier run, best first.

    Only the order counts: values on other data are not comparable, and are not told to the sampler.

    Raises:
        UserError: If the folder is no run of this study, or no trial of it reported.
    """
    folder = RunFolder(run.expanduser().resolve())
    manifest = read_manifest(folder)
    if manifest.plan.study != study:
        raise UserError(f"{run} is a run of {manifest.plan.study}, not of {study}: name another")
    if manifest.objective is None:
        raise UserError(f"no trial of {run} reported: name another run for --warm-start")
    try:
        trials, _ = follow(read_events(folder))
        rows = rank(trials.values(), manifest.objective)
    except UserError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{run} is not a run of this version: {error!r}") from None
    points = [row.trial.point for row in rows if row.trial.reports and row.trial.point is not None]
    if not points:
        raise UserError(f"no trial of {run} reported: name another run for --warm-start")
    return points[:BEST]


def first_points(file: Path | None, runs: Iterable[Path], study: str) -> list[dict[str, Any]]:
    """List what is tried first: the user's own configs, then the best of each earlier run.

    Args:
        file: With the user's own, a JSON list; None for none.
        runs: Earlier runs, whose best are tried again.
        study: Of which these have to be runs.
    """
    points = read_points(file) if file else []
    for run in runs:
        points += best_points(run, study)
    return points


def earlier_items(runs: Iterable[Path], study: Study[Any]) -> tuple[str, ...]:
    """Collect what trained, chose or ranked in earlier runs, and in those that they started from.

    Args:
        runs: Earlier runs of the study.
        study: Which says what they used.

    Raises:
        UserError: If a run does not say what it used.
    """
    items = set[str]()
    for run in runs:
        folder = RunFolder(run.expanduser().resolve())
        items.update(read_manifest(folder).plan.earlier_items, study.used_items(folder.assets))
    return tuple(sorted(items))


def earlier_openings(runs: Iterable[Path]) -> tuple[str, ...]:
    """Collect the openings of test of earlier runs, and of those that they started from.

    Who chose what to start from may have seen them all.

    Args:
        runs: Earlier runs, each in its folder here.

    Raises:
        UserError: If a run's list of openings is damaged.
    """
    folders = (run.expanduser().resolve() for run in runs)
    return tuple(sorted(frozenset().union(*map(openings_of, folders))))


def check_points(space: Space, points: Sequence[Mapping[str, Any]]) -> None:
    """Check that what is tried first lies in the space.

    Raises:
        UserError: If it does not; the line counts the configs from 1.
    """
    for number, point in enumerate(points, start=1):
        try:
            space.check(point)
        except UserError as error:
            raise UserError(f"config {number} of those tried first: {error}") from None
