"""From what the user typed to a run; torch, Ray and Optuna load only now."""

from typing import Any

from search.studies import STUDIES


def launch(study: str, settings: dict[str, Any], engine: dict[str, Any]) -> int:
    """Run a study with what the user gave; an option left at None is the study's to decide."""
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.plan import Plan  # noqa: PLC0415
    from search.run.first import first_points  # noqa: PLC0415
    from search.run.runner import run  # noqa: PLC0415
    from trainables.runtime.config import parse  # noqa: PLC0415

    points = first_points(engine["first"], engine["warm_start"] or (), study)
    engine = {name: value for name, value in engine.items() if name != "warm_start"}
    engine["first"] = points
    given = {name: value for name, value in settings.items() if value is not None}
    plan = parse(Plan, {"study": study, "settings": given, **engine})
    return run(plan, STUDIES[study], Console(soft_wrap=False))
