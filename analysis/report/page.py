"""A page: a head, its sections, and nothing that is fetched or run."""

from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from pathlib import PurePath

from analysis.load import Run
from analysis.numbers.claim import condition
from analysis.report.confirmation import confirmation
from analysis.report.html import Html, Section, link, tag
from analysis.report.sections.claim import claim
from analysis.report.sections.cost import cost
from analysis.report.sections.pictures import pictures
from analysis.report.sections.ranking import ranking, robust
from analysis.report.sections.search import search
from analysis.report.sections.settings import settings
from analysis.report.sections.setup import setup
from analysis.report.sections.sources import citing
from analysis.report.sections.sources import files as beside
from analysis.report.sections.trust import trust

# No script, and nothing from elsewhere: styles and pictures are in the page.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
SECTIONS: tuple[Callable[[Run], Section | None], ...] = (
    claim,
    confirmation,
    ranking,
    robust,
    pictures,
    search,
    settings,
    trust,
    cost,
    setup,
    citing,
)


def report(run: Run, names: Sequence[str]) -> str:
    """Write the page of a run.

    Args:
        run: The run.
        names: Names of the files beside the page, which it links to.
    """
    sections = [section for make in SECTIONS if (section := make(run)) is not None]
    return page(title(run), subtitle(run), [*sections, beside(names)])


def title(run: Run) -> str:
    """Name a run by its folder."""
    return run.folder.resolve().name


def subtitle(run: Run) -> str:
    """Say what a run is about."""
    settings, plan = run.manifest.get("settings", {}), run.manifest.get("plan", {})
    data = PurePath(settings.get("dataset") or settings.get("data") or "phantom").name
    started = str(run.manifest.get("started", ""))[:10]
    return " · ".join(filter(None, (str(plan.get("study")), data, started, condition(run))))


def page(heading: str, below: str, parts: Iterable[Section]) -> str:
    """Lay out a page, whole in itself.

    Args:
        heading: Its title.
        below: A line about it.
        parts: Its sections, in order.
    """
    sections = list(parts)
    style = files("analysis.report").joinpath("page.css").read_text(encoding="utf-8")
    head = (
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", f"{heading}: {below}"),
        tag("style", Html(style)),
    )
    contents = tag(
        "nav",
        *(link(f"#{section.name}", section.title) for section in sections),
        aria_label="Contents",
    )
    body = (
        tag("header", tag("p", below, class_="below"), tag("h1", heading), contents),
        tag(
            "main",
            *(
                tag("section", tag("h2", section.title), section.body, id=section.name)
                for section in sections
            ),
        ),
    )
    html = tag("html", tag("head", *head), tag("body", *body), lang="en")
    return f"<!doctype html>\n{html}\n"
