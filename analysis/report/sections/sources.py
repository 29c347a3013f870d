"""What to cite, and the files beside the page."""

from collections.abc import Sequence
from pathlib import PurePath

from analysis.load import Run
from analysis.report.citations import keys, references
from analysis.report.html import Section, bullets, join, link, tag


def citing(run: Run) -> Section:
    """List the papers that a run rests on, and their BibTeX."""
    entries, cited = references(), keys(run)
    papers = [entries[key] for key in cited if key in entries]
    lines = [join((paper.text, " ", tag("code", paper.key))) for paper in papers]
    lines += [
        join((tag("code", key), ": in the study's own bibliography"))
        for key in cited
        if key not in entries
    ]
    items = bullets(lines)
    bibtex = tag("pre", "\n\n".join(paper.bibtex for paper in papers))
    return Section(
        "cite", "What to cite", join((items, tag("details", tag("summary", "BibTeX"), bibtex)))
    )


def files(paths: Sequence[str]) -> Section:
    """Link to the tables and figures beside the page."""
    stems: dict[str, list[str]] = {}
    for name in paths:
        stems.setdefault(PurePath(name).stem, []).append(name)
    lines = [
        join(
            (
                f"{stem.replace('_', ' ')}: ",
                join((link(name, PurePath(name).suffix[1:].upper()) for name in names), " "),
            )
        )
        for stem, names in sorted(stems.items())
    ]
    return Section("files", "Files beside this page", tag("div", bullets(lines), class_="columns"))
