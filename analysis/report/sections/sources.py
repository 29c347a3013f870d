"""What to cite, and the files beside the page."""

from collections.abc import Sequence
from pathlib import PurePath

from analysis.load import Run
from analysis.report.citations import keys, references
from analysis.report.html import Section, bullets, join, link, tag


def citing(run: Run) -> Section:
    """List the papers that a run rests on, and their BibTeX."""
    known = references()
    found = [known[key] for key in keys(run)]
    listed = bullets(join((one.text, " ", tag("code", one.key))) for one in found)
    bibtex = tag("pre", "\n\n".join(one.bibtex for one in found))
    return Section(
        "cite", "What to cite", join((listed, tag("details", tag("summary", "BibTeX"), bibtex)))
    )


def files(written: Sequence[str]) -> Section:
    """Link to the tables and figures beside the page."""
    stems: dict[str, list[str]] = {}
    for name in written:
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
