"""From what the user gave to runs; torch, Ray and Optuna load only now."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from search.cli.recorded import remember
from search.exit_status import INTERRUPTED
from search.options import Option, options_of
from search.plan import Plan, Start
from search.study import StudyRow
from trainables.runtime.plugins import absolute


def launch(name: str, study: StudyRow, chosen: Mapping[str, Any], file: Path | None) -> int:
    """Run a study once or several times, and return the worst exit status.

    Args:
        name: The study as the user names it.
        study: Its row.
        chosen: Options on the command line by field, those of study and engine alike.
        file: Of further options; None for none. The command line counts more than the file, the
            file more than the preset, and whatever is given nowhere is the study's to decide.
    """
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.run.runner import run  # noqa: PLC0415

    console, status = Console(soft_wrap=False), 0
    for plan in plans(name, study, chosen, file):
        remember([plan.study, plan.sampler])
        status = max(status, run(plan, study, console))
        if status >= INTERRUPTED:
            break
    return status


def plans(
    name: str, study: StudyRow, chosen: Mapping[str, Any], file: Path | None
) -> Iterator[Plan]:
    """Yield the plan of each repeat.

    Args:
        name: As of `launch`; the other arguments, too.
        study: Its row.
        chosen: Options on the command line.
        file: Of further options.

    Raises:
        UserError: If a value is wrong, or a file cannot be read.
    """
    from search.run.run_file import RunFile, read_run_file  # noqa: PLC0415
    from trainables.runtime.config import parse  # noqa: PLC0415

    settings = study.load_settings()
    options = read_run_file(file, name, settings) if file else RunFile()
    study_options = options_of(settings)
    names = {option.field for option in study_options}
    for field, value in chosen.items():
        (options.settings if field in names else options.engine)[field] = value
    engine = {**settings.plan_of(options.settings), **options.engine}
    begin = {field: engine.pop(field) for field in Start.model_fields if field in engine}
    start = parse(Start, begin)
    values = {"study": name, "settings": _with_absolute_paths(options.settings, study_options)}
    plan = parse(Plan, values | engine | _beginning(start, absolute(name), study))
    for number in range(start.repeats):
        changes: dict[str, Any] = {"seed": plan.seed + number}
        changes["settings"] = {**plan.settings, **changes}
        if plan.run is not None and start.repeats > 1:
            changes["run"] = plan.run.with_name(f"{plan.run.name}-{number + 1}")
        yield plan.model_copy(update=changes)


def _beginning(start: Start, name: str, study: StudyRow) -> dict[str, Any]:
    """Say what is tried first, the user's own and the best of earlier runs.

    With it goes what these runs used, and how often their test was opened.
    """
    from search.run.first import earlier_items, earlier_openings, first_points  # noqa: PLC0415

    written = start.first if isinstance(start.first, tuple) else ()
    file = None if isinstance(start.first, tuple) else start.first
    points = [*written, *first_points(file, start.warm_start, name)]
    items, openings = start.earlier_items, set(start.earlier_openings)
    if start.warm_start:
        items += earlier_items(start.warm_start, study.load())
        openings.update(earlier_openings(start.warm_start))
    return {"first": points, "earlier_items": items, "earlier_openings": sorted(openings)}


def _with_absolute_paths(settings: Mapping[str, Any], options: Sequence[Option]) -> dict[str, Any]:
    """Return settings whose paths mean the same to workers, who have another current folder."""
    paths = {option.field for option in options if option.kind is Path and not option.repeatable}
    return {
        name: Path(value).expanduser().resolve()
        if name in paths and isinstance(value, str | Path)
        else value
        for name, value in settings.items()
    }
